import { type Lease, type Leases, type MediaNodeStatus, mediaNodeKey } from '@weir/cluster';
import { Lifetime, type Logger, newId, PlatformError, sleep, withDeadline } from '@weir/core';

const ttlMs = 3_000;
const renewEveryMs = 1_000;
const releaseTimeoutMs = 1_000;

/**
 * The node's place among the living, renewed each second. A store that is out of reach changes nothing; closes with `failed`
 * when another process holds the same node id.
 */
export class NodeLease extends Lifetime {
  readonly #leases: Leases;
  readonly #status: () => MediaNodeStatus;
  readonly #logger: Logger;
  #lease: Lease;

  /** Waits for the lease of an earlier process of the same node to run out; `conflict` when it is still renewed. */
  static async take(
    leases: Leases,
    nodeId: string,
    options: { status: () => MediaNodeStatus; logger: Logger },
  ): Promise<NodeLease> {
    const key = mediaNodeKey(nodeId);
    const owner = newId('sfu');
    const endsAt = performance.now() + ttlMs + renewEveryMs;
    for (;;) {
      const lease = await leases.acquire(key, owner, ttlMs, JSON.stringify(options.status()));
      if (lease) return new NodeLease(leases, lease, options);
      if (performance.now() > endsAt)
        throw new PlatformError('conflict', `another process is media node ${nodeId}`);
      await sleep(renewEveryMs / 4);
    }
  }

  private constructor(
    leases: Leases,
    lease: Lease,
    options: { status: () => MediaNodeStatus; logger: Logger },
  ) {
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
