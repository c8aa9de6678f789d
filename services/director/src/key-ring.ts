import type { ApiKey } from '@weir/auth';
import { type Clock, systemClock } from '@weir/core';
import type { Database } from '@weir/database';

/** A key that was revoked through another node is good here for so long. */
const freshMs = 5_000;
/** How long a key stays good without a database to ask. */
const staleMs = 10 * 60_000;
const keptKeys = 1_000;
/** Nothing else is looked up: an id comes from whoever asks, and a database refuses some letters with a fault. */
const keyId = /^[\w-]{1,64}$/;

/**
 * The API keys as this node knows them, so that people can join while the database is away: it goes on with the keys
 * that were used lately.
 */
export class KeyRing {
  readonly #keys: Pick<Database['apiKeys'], 'find' | 'ensureFirst'>;
  readonly #clock: Clock;
  readonly #known = new Map<string, { key: ApiKey; at: number }>();
  readonly #asking = new Map<string, Promise<ApiKey | undefined>>();
  #firstId: string | undefined;
  #forgets = 0;

  constructor(keys: Pick<Database['apiKeys'], 'find' | 'ensureFirst'>, clock: Clock = systemClock) {
    this.#keys = keys;
    this.#clock = clock;
  }

  /** Undefined for an unknown or revoked key. Throws when it is not known here and the database is away. */
  async find(id: string): Promise<ApiKey | undefined> {
    const known = this.#known.get(id);
    const age = known ? this.#clock.now() - known.at : Number.POSITIVE_INFINITY;
    if (age < freshMs) return known?.key;
    if (!keyId.test(id)) return undefined;
    try {
      return await this.#ask(id);
    } catch (error) {
      if (age < staleMs && this.#known.has(id)) return known?.key;
      throw error;
    }
  }

  /** One query for all who want the same key at once. */
  async #ask(id: string): Promise<ApiKey | undefined> {
    const asked = this.#asking.get(id);
    if (asked) return asked;
    const forgets = this.#forgets;
    const asking = this.#keys.find(id);
    this.#asking.set(id, asking);
    try {
      const key = await asking;
      if (!key) this.#known.delete(id);
      else if (forgets === this.#forgets) this.#remember(key); // Else it may have been revoked while we asked.
      return key;
    } finally {
      if (this.#asking.get(id) === asking) this.#asking.delete(id);
    }
  }

  /** The key that this deployment signs with where nobody names one. */
  async first(): Promise<ApiKey> {
    const known = this.#firstId === undefined ? undefined : await this.find(this.#firstId);
    if (known) return known;
    const { id, secret } = await this.#keys.ensureFirst();
    this.#firstId = id;
    this.#remember({ id, secret });
    return { id, secret };
  }

  /** It was revoked: from now on it is good for nothing here. */
  forget(id: string): void {
    this.#forgets += 1;
    this.#known.delete(id);
    this.#asking.delete(id);
  }

  #remember(key: ApiKey): void {
    this.#known.delete(key.id);
    this.#known.set(key.id, { key, at: this.#clock.now() });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= keptKeys) break;
      this.#known.delete(oldest);
    }
  }
}
