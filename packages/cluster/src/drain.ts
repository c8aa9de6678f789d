import { type Clock, Emitter, Lifetime, type Logger, sleep, systemClock, withDeadline } from '@weir/core';
import type { Leases } from './leases.ts';

/** A node that is to become empty: nobody new comes to it, and at `deadlineAt` whoever is left goes at once. */
export type Drain = { since: number; deadlineAt: number };

const drainKey = (nodeId: string) => `drain:${nodeId}`;
const owner = 'operator';
/** A node stays drained until somebody says otherwise, or it was forgotten for so long. */
const keptMs = 7 * 86_400_000;
const lookEveryMs = 500;
const lookTimeoutMs = 3_000;

/** Asks a node to become empty within `withinMs`; asked again, the new deadline holds. */
export async function requestDrain(
  leases: Leases,
  nodeId: string,
  withinMs: number,
  clock: Clock = systemClock,
): Promise<Drain> {
  const before = await drainOf(leases, nodeId);
  const now = clock.now();
  const drain: Drain = { since: before?.since ?? now, deadlineAt: now + withinMs };
  await leases.acquire(drainKey(nodeId), owner, keptMs, JSON.stringify(drain));
  return drain;
}

/** The node takes people again. */
export async function cancelDrain(leases: Leases, nodeId: string): Promise<void> {
  const lease = await leases.get(drainKey(nodeId));
  if (lease) await leases.release(lease);
}

export async function drainOf(leases: Leases, nodeId: string): Promise<Drain | undefined> {
  return parseDrain((await leases.get(drainKey(nodeId)))?.value);
}

/** All that were asked for, by node. */
export async function drains(leases: Leases): Promise<Map<string, Drain>> {
  const found = await leases.list(drainKey(''));
  return new Map(
    found.flatMap(({ key, value }) => {
      const drain = parseDrain(value);
      return drain ? [[key.slice(drainKey('').length), drain] as const] : [];
    }),
  );
}

/** Another version may have written what we cannot read: then nobody is sent away. */
function parseDrain(value: string | undefined): Drain | undefined {
  try {
    const { since, deadlineAt } = JSON.parse(value ?? 'null') ?? {};
    return Number.isFinite(since) && Number.isFinite(deadlineAt) ? { since, deadlineAt } : undefined;
  } catch {
    return undefined;
  }
}

/** Which nodes are to become empty, as of a moment ago; while the store is away those that were before. */
export class DrainWatch extends Lifetime {
  readonly events = new Emitter<{ changed: [nodeId: string, Drain | undefined] }>();
  readonly #leases: Leases;
  readonly #logger: Logger;
  #drains = new Map<string, Drain>();

  /** Resolves when it has looked once, or the store did not answer. */
  static async start(leases: Leases, logger: Logger): Promise<DrainWatch> {
    const watch = new DrainWatch(leases, logger);
    await watch.#look();
    void watch.#keepLooking();
    return watch;
  }

  private constructor(leases: Leases, logger: Logger) {
    super();
    this.#leases = leases;
    this.#logger = logger;
  }

  /** Undefined: it is to work as ever. */
  of(nodeId: string): Drain | undefined {
    return this.#drains.get(nodeId);
  }

  async #keepLooking(): Promise<void> {
    while (!this.closed) {
      await sleep(lookEveryMs, this.signal);
      if (!this.closed) await this.#look();
    }
  }

  async #look(): Promise<void> {
    try {
      const asked = drains(this.#leases);
      const now = await withDeadline(asked, lookTimeoutMs, 'the list of drains', this.signal);
      if (this.closed) return;
      const before = this.#drains;
      this.#drains = now;
      for (const nodeId of new Set([...before.keys(), ...now.keys()])) {
        const drain = now.get(nodeId);
        if (drain?.deadlineAt !== before.get(nodeId)?.deadlineAt) this.events.emit('changed', nodeId, drain);
      }
    } catch (error) {
      if (!this.closed) this.#logger.debug({ err: error }, 'the list of drains cannot be read');
    }
  }
}

/** What every node says of itself in its lease. */
export type NodeFacts = {
  /** Of its process, in ms since the epoch: another one each time that it is started. */
  startedAt: number;
  /** It is to become empty; absent: it works as ever. */
  drain?: Drain;
};

export function nodeFacts(drains: DrainWatch, nodeId: string): NodeFacts {
  const drain = drains.of(nodeId);
  return { startedAt: Math.round(performance.timeOrigin), ...(drain ? { drain } : {}) };
}
