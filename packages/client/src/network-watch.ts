import { Lifetime } from '@weir/core';

type Connection = EventTarget & { type?: string };

const tickMs = 1_000;
/** A timer that is so late was asleep with its machine, … */
const asleepMs = 5_000;
/** … unless its page is hidden: those are woken once a minute only. */
const hiddenAsleepMs = 90_000;

/** Calls `changed` when the browser tells of another network, and after a sleep of the machine or the page. */
export class NetworkWatch extends Lifetime {
  constructor(changed: () => void) {
    super();
    const { signal } = this;
    const { addEventListener, document, navigator } = globalThis;
    if (!addEventListener || !document) return;
    addEventListener('online', changed, { signal });
    addEventListener('pageshow', ({ persisted }) => persisted && changed(), { signal });
    document.addEventListener('resume', changed, { signal }); // After a freeze (Page Lifecycle).

    const connection = (navigator as { connection?: Connection }).connection;
    let type = connection?.type;
    const typeChanged = () => {
      if (connection?.type === type) return; // Its estimates of speed change all the time.
      type = connection?.type;
      changed();
    };
    connection?.addEventListener('change', typeChanged, { signal });

    let tickedAt = Date.now(); // The monotonic clock may sleep with the machine.
    const timer = setInterval(() => {
      const lateMs = Date.now() - tickedAt - tickMs;
      tickedAt = Date.now();
      if (lateMs > (document.hidden ? hiddenAsleepMs : asleepMs)) changed();
    }, tickMs);
    this.onClose(() => clearInterval(timer));
  }
}
