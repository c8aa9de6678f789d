import { Lifetime } from '@weir/core';

/** A path that takes longer is looked for elsewhere: the node may be out of its client's reach. */
const patienceMs = 5_000;

/** The wait for the first path of a media session, from the moment that its client looks for one. */
export class FirstPath extends Lifetime {
  readonly #missed: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** `missed`: it did not come in time. */
  constructor(missed: () => void) {
    super();
    this.#missed = missed;
    this.onClose(() => clearTimeout(this.#timer));
  }

  /** The client looks for it. */
  begin(): void {
    if (!this.closed) this.#timer ??= setTimeout(() => this.#end(), patienceMs);
  }

  /** What is said of a transport. */
  heard(state: 'new' | 'connected' | 'disconnected' | 'failed'): void {
    if (state === 'connected') this.close();
  }

  #end(): void {
    this.close('failed');
    this.#missed();
  }
}
