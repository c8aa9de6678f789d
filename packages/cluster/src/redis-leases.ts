import type { Lease, Leases } from './leases.ts';
import type { RedisConnection } from './redis-connection.ts';
import { acquireScript, pruneScript, releaseScript, renewScript } from './redis-scripts.ts';
import type { Unreadable } from './unreadable.ts';

const fenceMemoryMs = 24 * 3_600_000;
/** A name in the index without a lease may be one that is just being acquired. */
const pruneAfterMs = 60_000;

/** Leases in Redis, which ends them by its own clock. */
export class RedisLeases implements Leases {
  readonly #redis: RedisConnection;
  readonly #prefix: string;
  readonly #unreadable: Unreadable;

  constructor(redis: RedisConnection, prefix: string, unreadable: Unreadable) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#unreadable = unreadable;
  }

  async acquire(key: string, owner: string, ttlMs: number, value = ''): Promise<Lease | undefined> {
    await this.#redis.remember(this.#index, key); // First: a lease that is held is always in the index.
    const { lease, fence } = this.#keys(key);
    const args = [owner, String(ttlMs), value, String(fenceMemoryMs)];
    const answer = (await this.#redis.run(acquireScript, [lease, fence], args)) as string[] | null;
    if (!answer) return undefined;
    const [, number, , expiresAt] = answer;
    return { key, owner, value, fence: Number(number), expiresAt: Number(expiresAt) };
  }

  async renew({ key, owner, fence }: Lease, ttlMs: number, value?: string): Promise<boolean> {
    const args = [owner, String(fence), String(ttlMs), ...(value === undefined ? [] : [value])];
    return (await this.#redis.run(renewScript, [this.#keys(key).lease], args)) === 1;
  }

  async release({ key, owner, fence }: Lease): Promise<void> {
    await this.#redis.run(releaseScript, [this.#keys(key).lease], [owner, String(fence)]);
  }

  async get(key: string): Promise<Lease | undefined> {
    const { lease } = this.#keys(key);
    const { owner, fence, value, expiresAt } = await this.#redis.fields(lease).catch((error) => {
      throw error.code === 'store-unreadable' ? this.#unreadable.note(lease, error) : error;
    });
    if (owner === undefined) return undefined;
    if (!/^\d+$/.test(fence ?? '')) throw this.#unreadable.note(lease, new Error('its fence is no number'));
    return { key, owner, fence: Number(fence), expiresAt: Number(expiresAt), value: value ?? '' };
  }

  async list(prefix: string): Promise<Lease[]> {
    const named = (await this.#redis.remembered(this.#index)).filter(({ value }) => value.startsWith(prefix));
    const found = await Promise.all(
      named.map(async ({ value: key, score }) => {
        // One that cannot be read is nobody's; the others count all the same.
        const lease = await this.get(key).catch((error) => {
          if (error.code !== 'store-unreadable') throw error;
          return undefined;
        });
        if (!lease && score < Date.now() - pruneAfterMs)
          await this.#redis.run(pruneScript, [this.#index], [key, String(score)]);
        return lease ?? [];
      }),
    );
    return found.flat();
  }

  get #index(): string {
    return `${this.#prefix}leases`;
  }

  #keys(key: string): { lease: string; fence: string } {
    const tag = `${this.#prefix}{lease:${key}}`;
    return { lease: tag, fence: `${tag}:fence` };
  }
}
