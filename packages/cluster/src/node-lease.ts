import { Lifetime, type Logger, newId, PlatformError, sleep, withDeadline } from '@weir/core';
import type { Lease, Leases } from './leases.ts';

const ttlMs = 3_000;
const renewEveryMs = 1_000;
const releaseTimeoutMs = 1_000;

/** `status`: what the node tells the fleet of itself, as JSON. */
export type NodeLeaseOptions = { status: () => object; logger: Logger };

/**
 * A node's place among the living, renewed each second. A store that is out of reach changes nothing; closes with `failed`
 * when another process holds the same node id.
 */
export class NodeLease extends Lifetime {
  readonly #leases: Leases;
  readonly #status: () => object;
  readonly #logger: Logger;
  #lease: Lease;

  /** Waits for the lease of an earlier process of the same node to run out; `conflict` when it is still renewed. */
  static async take(leases: Leases, key: string, options: NodeLeaseOptions): Promise<NodeLease> {
    const owner = newId('node');
    const endsAt = performance.now() + ttlMs + renewEveryMs;
    for (;;) {
      const lease = await leases.acquire(key, owner, ttlMs, JSON.stringify(options.status()));
      if (lease) return new NodeLease(leases, lease, options);
      if (performance.now() > endsAt)
        throw new PlatformError('conflict', `another process has the lease ${key}`);
      await sleep(renewEveryMs / 4);
    }
  }

  private constructor(leases: Leases, lease: Lease, options: NodeLeaseOptions) {
    super();
    this.#leases = leases;
    this.#lease = lease;
    this.#status = options.status;
    this.#logger = options.logger;
    void this.#keep();
  }

  /** Gives the place up, so that nobody is placed here any more. */
  async release(): Promise<void> {
    if (this.closed) return;
    this.close();
    const released = this.#leases.release(this.#lease);
    await withDeadline(released, releaseTimeoutMs, 'release of the node lease').catch(() => {}); // It runs out by itself.
  }

  async #keep(): Promise<void> {
    let reachable = true;
    while (!this.closed) {
      await sleep(renewEveryMs, this.signal);
      if (this.closed) return;
      try {
        await withDeadline(this.#renew(), ttlMs, 'renewal of the node lease');
        reachable = true;
      } catch (error) {
        if (reachable) this.#logger.warn({ err: error }, 'the node lease cannot be renewed');
        reachable = false;
      }
    }
  }

  async #renew(): Promise<void> {
    const value = JSON.stringify(this.#status());
    if ((await this.#leases.renew(this.#lease, ttlMs, value)) || this.closed) return;
    const { key, owner } = this.#lease;
    const again = await this.#leases.acquire(key, owner, ttlMs, value); // It ran out while we could not renew it.
    if (again) this.#lease = again;
    else {
      this.#logger.error({ key }, 'another process has taken the node id');
      this.close('failed');
    }
  }
}
