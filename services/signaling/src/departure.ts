import type { Drain, DrainWatch } from '@weir/cluster';
import { Lifetime, type Logger, PlatformError, sleep, type Turns } from '@weir/core';

/** What goes away from a node when that is drained. */
export type Leaving = {
  /** Where it is now. */
  nodeId(): string | undefined;
  /** Rejects when it cannot go now; `unnoticed`: take the time that it takes not to be noticed. */
  move(unnoticed: boolean): Promise<void>;
};

/** The moments of departure are spread over this share of the time that there is; the rest is for those that take long. */
const spread = 0.6;
const tryAgainMs = 2_000;
/** From so long before the deadline on nobody is waited for. */
const lastMs = 1_500;

/** Takes somebody off a node that is drained: at a moment of its own, few at a time, and at once when the deadline comes. */
export class Departure extends Lifetime {
  readonly #drains: DrainWatch;
  readonly #turns: Turns;
  readonly #logger: Logger;
  readonly #leaving: Leaving;
  #plan: Lifetime | undefined;

  constructor(
    leaving: Leaving,
    { drains, turns, logger }: { drains: DrainWatch; turns: Turns; logger: Logger },
  ) {
    super();
    this.#leaving = leaving;
    this.#drains = drains;
    this.#turns = turns;
    this.#logger = logger;
    drains.events.on('changed', (nodeId) => nodeId === leaving.nodeId() && this.look(), this.signal);
    this.look();
  }

  /** It is on another node, or the node is to be left, or no more. */
  look(): void {
    this.#plan?.close();
    const nodeId = this.#leaving.nodeId();
    const drain = nodeId === undefined ? undefined : this.#drains.of(nodeId);
    if (nodeId === undefined || !drain || this.closed) return;
    const plan = this.own(new Lifetime());
    this.#plan = plan;
    void this.#leave(nodeId, drain, plan);
  }

  async #leave(nodeId: string, { deadlineAt }: Drain, plan: Lifetime): Promise<void> {
    const leftMs = () => deadlineAt - Date.now();
    await sleep(Math.random() * spread * Math.max(0, leftMs()), plan.signal);
    let told = false;
    while (!plan.closed && this.#leaving.nodeId() === nodeId) {
      try {
        await this.#turns.take(async () => {
          if (!plan.closed) await this.#leaving.move(leftMs() > lastMs);
        });
      } catch (error) {
        if (!told)
          this.#logger.warn(
            { err: PlatformError.from(error), nodeId },
            'somebody cannot leave a drained node yet',
          );
        told = true;
        await sleep(tryAgainMs * (0.5 + Math.random()), plan.signal);
      }
    }
  }
}
