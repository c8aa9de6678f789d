/** Of the people who tried to reach a media node in the last half minute: each one's last attempt counts. */
export type ReachCounts = {
  tried: number;
  /** No path came about at all. */
  failed: number;
  /** One did, but not over UDP. */
  byTcp: number;
};

/** `out`: clients do not get through to it. `trial`: one may find out whether they do again. */
export type Reach = 'good' | 'out' | 'trial';

type Suspicion =
  | { status: 'out'; until: number; strikes: number }
  | { status: 'trial'; strikes: number; triedAt: number | undefined };

type Reached = { nodeId: string; reach: ReachCounts };

/** So many people must fail: one may have a network of their own to blame. */
const failuresAtLeast = 2;
/** TCP is a path, if a worse one: more must be seen, and that the other nodes are reached over UDP. */
const byTcpAtLeast = 3;
const badShare = 0.5;
/** Not less than the counts reach back: a trial's outcome must not be mixed with what came before. */
const firstHoldMs = 30_000;
const longestHoldMs = 600_000;
/** Whoever was sent to try may have gone elsewhere: then another one is. */
const trialMs = 15_000;

/**
 * Which media nodes clients do not get through to, though they answer: told from the share of attempts that fail there and
 * not elsewhere. What is left out is tried again, by one person at a time, later and later. Pure but for what it remembers.
 */
export class Reachability {
  readonly #suspicions = new Map<string, Suspicion>();

  /** Of each node, in their order. */
  judge(nodes: readonly Reached[], now: number): Reach[] {
    const all = sum(nodes.map(({ reach }) => reach));
    const reaches = nodes.map(({ nodeId, reach }) => {
      const before = this.#suspicions.get(nodeId);
      const after = before ? next(before, reach, now) : suspect(reach, rest(all, reach), now);
      if (after) this.#suspicions.set(nodeId, after);
      else this.#suspicions.delete(nodeId);
      if (after?.status === 'trial') return after.triedAt === undefined ? 'trial' : 'out';
      return after ? 'out' : 'good';
    });
    if (this.#suspicions.size > nodes.length) this.#forgetGone(nodes);
    return reaches;
  }

  /** Somebody is sent there to find out. */
  tried(nodeId: string, now: number): void {
    const suspicion = this.#suspicions.get(nodeId);
    if (suspicion?.status === 'trial') this.#suspicions.set(nodeId, { ...suspicion, triedAt: now });
  }

  #forgetGone(nodes: readonly Reached[]): void {
    const alive = new Set(nodes.map(({ nodeId }) => nodeId));
    for (const nodeId of this.#suspicions.keys()) if (!alive.has(nodeId)) this.#suspicions.delete(nodeId);
  }
}

function suspect(here: ReachCounts, elsewhere: ReachCounts, now: number): Suspicion | undefined {
  const fails =
    here.failed >= failuresAtLeast &&
    share(here.failed, here) >= badShare &&
    share(elsewhere.failed, elsewhere) < share(here.failed, here) / 2; // Else it is the clients' networks.
  const worse = here.failed + here.byTcp;
  const slow =
    worse >= byTcpAtLeast &&
    share(worse, here) >= badShare &&
    elsewhere.tried >= byTcpAtLeast &&
    share(elsewhere.failed + elsewhere.byTcp, elsewhere) < share(worse, here) / 2;
  return fails || slow ? out(1, now) : undefined;
}

function next(before: Suspicion, here: ReachCounts, now: number): Suspicion | undefined {
  if (before.status === 'out')
    return now < before.until ? before : { status: 'trial', strikes: before.strikes, triedAt: undefined };
  if (before.triedAt === undefined) return before;
  if (here.tried > here.failed + here.byTcp) return undefined;
  if (here.tried > 0) return out(before.strikes + 1, now);
  return now - before.triedAt > trialMs ? { ...before, triedAt: undefined } : before;
}

function out(strikes: number, now: number): Suspicion {
  return { status: 'out', strikes, until: now + Math.min(longestHoldMs, firstHoldMs * 2 ** (strikes - 1)) };
}

function share(part: number, { tried }: ReachCounts): number {
  return tried === 0 ? 0 : part / tried;
}

function sum(counts: ReachCounts[]): ReachCounts {
  const total = { tried: 0, failed: 0, byTcp: 0 };
  for (const { tried, failed, byTcp } of counts) {
    total.tried += tried;
    total.failed += failed;
    total.byTcp += byTcp;
  }
  return total;
}

function rest(all: ReachCounts, one: ReachCounts): ReachCounts {
  return { tried: all.tried - one.tried, failed: all.failed - one.failed, byTcp: all.byTcp - one.byTcp };
}
