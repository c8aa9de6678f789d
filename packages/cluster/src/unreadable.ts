import { type Logger, PlatformError } from '@weir/core';

const toldEveryMs = 60_000;
const keptKeys = 1_000;

/** What the store holds and nobody can read: damaged, or another program's. Counted, and each key told now and then. */
export class Unreadable {
  readonly #logger: Logger;
  readonly #toldAt = new Map<string, number>();
  #count = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get count(): number {
    return this.#count;
  }

  /** Answers the error with which whoever asked is refused. */
  note(key: string, cause: unknown): PlatformError {
    this.#count += 1;
    const now = Date.now();
    if (now - (this.#toldAt.get(key) ?? Number.NEGATIVE_INFINITY) > toldEveryMs) {
      if (this.#toldAt.size >= keptKeys) this.#toldAt.clear();
      this.#toldAt.set(key, now);
      const hint = 'look at it with redis-cli; what it belonged to starts anew when it is deleted';
      this.#logger.error({ err: cause, key, hint }, 'the cluster store holds something that cannot be read');
    }
    return new PlatformError('store-unreadable', `the cluster store holds something unreadable at ${key}`, {
      cause,
    });
  }
}
