import type { Clock } from '@weir/core';
import type { Lease, Leases } from './leases.ts';

/** Leases of one process. Each call is atomic: it does its work before it returns its promise. */
export class MemoryLeases implements Leases {
  readonly #clock: Clock;
  readonly #leases = new Map<string, Readonly<Lease>>();
  #lastFence = 0; // One count for all keys: a key that is long gone needs no memory of its own.
  #sweepAt = 64;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async acquire(key: string, owner: string, ttlMs: number, value = ''): Promise<Lease | undefined> {
    const held = this.#live(key);
    if (held && held.owner !== owner) return undefined;
    if (!held) this.#sweep();
    return this.#put({ key, owner, fence: held?.fence ?? ++this.#lastFence, value }, ttlMs);
  }

  async renew(lease: Lease, ttlMs: number, value?: string): Promise<boolean> {
    const held = this.#live(lease.key);
    if (held?.owner !== lease.owner || held.fence !== lease.fence) return false;
    this.#put({ ...held, value: value ?? held.value }, ttlMs);
    return true;
  }

  async release(lease: Lease): Promise<void> {
    if (this.isHeld(lease.key, lease.fence)) this.#leases.delete(lease.key);
  }

  async get(key: string): Promise<Lease | undefined> {
    const held = this.#live(key);
    return held && { ...held };
  }

  async list(prefix: string): Promise<Lease[]> {
    const found: Lease[] = [];
    for (const key of this.#leases.keys()) {
      const held = key.startsWith(prefix) ? this.#live(key) : undefined;
      if (held) found.push({ ...held });
    }
    return found;
  }

  /** Whether the tenure with this fence still holds `key`. */
  isHeld(key: string, fence: number): boolean {
    return this.#live(key)?.fence === fence;
  }

  #put(lease: Omit<Lease, 'expiresAt'>, ttlMs: number): Lease {
    const put = { ...lease, expiresAt: this.#clock.now() + ttlMs };
    this.#leases.set(lease.key, put);
    return { ...put };
  }

  #live(key: string): Readonly<Lease> | undefined {
    const lease = this.#leases.get(key);
    if (!lease || this.#clock.now() < lease.expiresAt) return lease;
    this.#leases.delete(key); // Seen to be over: a clock that goes back must not revive it.
    return undefined;
  }

  /** Leases that nobody asks for again must not pile up. */
  #sweep(): void {
    if (this.#leases.size < this.#sweepAt) return;
    for (const key of this.#leases.keys()) this.#live(key);
    this.#sweepAt = Math.max(64, this.#leases.size * 2);
  }
}
