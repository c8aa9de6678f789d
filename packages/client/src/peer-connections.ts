import { Emitter, PlatformError } from '@weir/core';

export type PeerConnectionUse = { used: number; atMost: number };

/** What Chromium allows a renderer process; frames of the same origin share it. */
const browserAllows = 500;
/** Some are made beside ours: two to ask for the codecs, others by other parts of the page. */
const atMost = browserAllows - 10;
const scarceAbove = 0.8 * browserAllows;

/**
 * Counts the connections that a page holds. A closed one counts until the browser has collected it: whoever makes and
 * closes many runs into the browser's limit with few in use, and then nothing helps but a new page.
 */
export class PeerConnections {
  readonly events = new Emitter<{ scarce: [PeerConnectionUse] }>();
  readonly #collected: FinalizationRegistry<undefined>;
  #used = 0;

  /** `registry` calls back when something that it was given is collected. */
  constructor(registry: (collected: () => void) => Pick<FinalizationRegistry<undefined>, 'register'>) {
    this.#collected = registry(() => {
      this.#used -= 1;
    }) as FinalizationRegistry<undefined>;
  }

  get use(): PeerConnectionUse {
    return { used: this.#used, atMost };
  }

  /**
   * Makes one with `make`; `watched` is what lives as long as the connection. Throws `limit-reached` instead of the
   * browser's own failure, which looks like any other.
   */
  count<T>(make: () => T, watched: (made: T) => object): T {
    if (this.#used >= atMost)
      throw new PlatformError(
        'limit-reached',
        `${this.#used} peer connections were made on this page and not collected yet: reload it`,
      );
    const made = make();
    this.#used += 1;
    this.#collected.register(watched(made), undefined);
    if (this.#used > scarceAbove) this.events.emit('scarce', this.use);
    return made;
  }
}

/** Those of this page. */
export const peerConnections = new PeerConnections((collected) => new FinalizationRegistry(collected));
