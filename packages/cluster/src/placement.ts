import { PlatformError } from '@weir/core';
import type { RoomId } from '@weir/protocol';
import type { ClusterStore } from './cluster-store.ts';
import { type MediaNodeStatus, mediaNodes } from './nodes.ts';

/** A choice of a media node, and why. */
export type PlacementDecision = {
  at: number;
  roomId: RoomId;
  nodeId: string;
  reason: string;
  candidates: number;
};

const keptDecisions = 1_000;
/** A placement counts as load for so long: its session is not in the node's own figures yet. */
const aheadMs = 3_000;

/** What is known of the room that somebody is placed in. */
export type PlacementWish = {
  /** The node where those who come first meet. */
  home?: string | undefined;
  /** The nodes of those who are in the room, one entry each. */
  hosts?: Iterable<string>;
  /** A node that was just found dead, though its lease may still run. */
  avoid?: string | undefined;
};

/** Where a seat is to be, and where the room's home is from then on. */
export type Placed = { nodeId: string; home: string };

type Candidate = { nodeId: string; region: string; load: number; full: boolean; draining: boolean };

/** From this share of a core on a node's busiest worker leaves no room for bursts. */
const fullFrom = 0.85;

/**
 * Chooses a media node for a participant: one that has the room already while it is not full, else the less loaded of two
 * random ones that are not full; those of the own region first. The placements of the last seconds are counted ahead, so
 * that a burst of joins does not fall on one node.
 */
export class Placement {
  readonly #store: ClusterStore;
  readonly #region: string | undefined;
  readonly #random: () => number;
  #recent: PlacementDecision[] = [];
  readonly decisions: PlacementDecision[] = [];

  /** `region`: that of those who are placed; absent: it does not matter. */
  constructor(store: ClusterStore, options: { region?: string | undefined; random?: () => number } = {}) {
    this.#store = store;
    this.#region = options.region;
    this.#random = options.random ?? Math.random;
  }

  /** Throws `no-media-node` when none lives. */
  async choose(roomId: RoomId, { home, hosts = [], avoid }: PlacementWish = {}): Promise<Placed> {
    const alive = (await mediaNodes(this.#store.leases)).filter(({ nodeId }) => nodeId !== avoid);
    // Nothing is awaited from here on, so that two who come at once see each other's placement.
    const now = Date.now();
    this.#recent = this.#recent.filter(({ at }) => now - at < aheadMs).slice(-keptDecisions);
    const ahead = tally(this.#recent.map(({ nodeId }) => nodeId));
    const nodes = alive.map(({ nodeId, status }) => candidate(nodeId, status, ahead.get(nodeId) ?? 0));
    if (!nodes.length) throw new PlatformError('no-media-node', 'no media node is alive');
    const { nodeId, reason } = this.#best(roomId, home === undefined ? hosts : [home, ...hosts], nodes);
    const decision = { at: now, roomId, nodeId, reason, candidates: nodes.length };
    this.#recent.push(decision);
    this.decisions.push(decision);
    if (this.decisions.length > keptDecisions) this.decisions.shift();
    const homeLives = nodes.some((node) => node.nodeId === home && !node.draining);
    return { nodeId, home: homeLives ? home! : nodeId };
  }

  #best(roomId: RoomId, hosts: Iterable<string>, all: Candidate[]): { nodeId: string; reason: string } {
    const staying = all.filter(({ draining }) => !draining);
    const nodes = staying.length ? staying : all; // Better on a node that is to go than in no call at all.
    const free = nodes.filter(({ full }) => !full);
    if (!free.length) return this.#leastBad(nodes);
    const good = this.#near(free);
    return this.#roomsNode(roomId, hosts, good) ?? this.#lessLoaded(good);
  }

  /** Those of the own region, unless there are none. */
  #near(nodes: Candidate[]): Candidate[] {
    const near = nodes.filter(({ region }) => region === this.#region);
    return near.length ? near : nodes;
  }

  #roomsNode(roomId: RoomId, hosts: Iterable<string>, nodes: Candidate[]) {
    const there = tally([...hosts, ...this.#recent.filter((r) => r.roomId === roomId).map((r) => r.nodeId)]);
    const [most] = nodes
      .filter(({ nodeId }) => there.has(nodeId))
      .sort((a, b) => there.get(b.nodeId)! - there.get(a.nodeId)!);
    return most && { nodeId: most.nodeId, reason: 'the room is there' };
  }

  #lessLoaded(nodes: Candidate[]) {
    const first = Math.floor(this.#random() * nodes.length);
    const one = nodes[first]!;
    if (nodes.length === 1) return { nodeId: one.nodeId, reason: 'the only one with a place' };
    const second = (first + 1 + Math.floor(this.#random() * (nodes.length - 1))) % nodes.length;
    const two = nodes[second]!;
    const [less, more] = one.load <= two.load ? [one, two] : [two, one];
    return {
      nodeId: less.nodeId,
      reason: `${less.load} sessions against ${more.load} on ${more.nodeId}`,
    };
  }

  #leastBad(nodes: Candidate[]) {
    const [least] = this.#near(nodes).sort((a, b) => a.load - b.load);
    return { nodeId: least!.nodeId, reason: `all are full; it has ${least!.load} sessions` };
  }
}

function candidate(nodeId: string, status: Partial<MediaNodeStatus>, ahead: number): Candidate {
  const load = (Number(status.sessions) || 0) + ahead;
  const atMost = Number(status.sessionsAtMost) || Number.POSITIVE_INFINITY;
  const full = load >= atMost || (Number(status.busy) || 0) >= fullFrom;
  return { nodeId, region: status.region ?? '', load, full, draining: status.drain !== undefined };
}

function tally(names: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
