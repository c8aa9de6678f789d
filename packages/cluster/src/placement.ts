import { PlatformError } from '@weir/core';
import type { RoomId } from '@weir/protocol';
import { type Candidate, candidateOf, rank, reachCounts, shortcoming, use } from './candidates.ts';
import type { ClusterStore } from './cluster-store.ts';
import { type Living, type MediaNodeStatus, mediaNodes } from './nodes.ts';
import { Reachability } from './reachability.ts';
import { RecentPlacements } from './recent-placements.ts';

/** A choice of a media node, and why. */
export type PlacementDecision = {
  at: number;
  roomId: RoomId;
  nodeId: string;
  region: string;
  reason: string;
  /** Nodes that were alive. */
  candidates: number;
  /** Some that it could not be, and why. */
  passedOver: { nodeId: string; why: string }[];
};

const keptDecisions = 1_000;
const namedAtMost = 8;
/** A room with so many people on a node leaves before the node is full: what it adds to the load comes in a rush. */
const bigRoomFrom = 25;

/** What is known of the room that somebody is placed in, and of who that is. */
export type PlacementWish = {
  /** The node where those who come first meet. */
  home?: string | undefined;
  /** The nodes of those who are in the room, one entry each; or how many are on each. */
  hosts?: Iterable<string> | ReadonlyMap<string, number>;
  /** A node that was just found dead, though its lease may still run. */
  avoid?: string | undefined;
  /** Where the participant is; absent: where the nodes of this process are. */
  region?: string | undefined;
  /** Nowhere else than in that region. */
  pinned?: boolean | undefined;
};

/** Where a seat is to be, and where the room's home is from then on. */
export type Placed = { nodeId: string; home: string };

type Choice = { node: Candidate; reason: string };

/**
 * Chooses a media node for a participant: one that has the room already while it is not full, else the less loaded of two
 * random ones that are not busy; those of the own region first. The placements of the last seconds are counted ahead, so
 * that a burst of joins does not fall on one node. Where none is good the least bad is taken, and the reason says so.
 */
export class Placement {
  readonly #store: ClusterStore;
  readonly #region: string | undefined;
  readonly #random: () => number;
  readonly #reachability = new Reachability();
  readonly #recent = new RecentPlacements();
  /** Of the nodes that were told last. */
  #board: { alive: readonly Living<MediaNodeStatus>[]; nodes: Candidate[] } = { alive: [], nodes: [] };
  readonly decisions: PlacementDecision[] = [];

  /** `region`: that of those who are placed; absent: it does not matter. */
  constructor(store: ClusterStore, options: { region?: string | undefined; random?: () => number } = {}) {
    this.#store = store;
    this.#region = options.region;
    this.#random = options.random ?? Math.random;
  }

  /** Whether there is any node but this one. */
  async isChoiceBeside(nodeId: string): Promise<boolean> {
    return (await mediaNodes(this.#store.leases)).some((node) => node.nodeId !== nodeId);
  }

  /** Throws `no-media-node` when none lives. */
  async choose(roomId: RoomId, wish: PlacementWish = {}): Promise<Placed> {
    const alive = await mediaNodes(this.#store.leases);
    return this.chooseFrom(alive, roomId, wish, Date.now()); // At once: two who come together see each other's placement.
  }

  /** The same among these, at that time. Cheap for many in a row among the same. */
  chooseFrom(
    alive: readonly Living<MediaNodeStatus>[],
    roomId: RoomId,
    wish: PlacementWish,
    now: number,
  ): Placed {
    if (this.#board.alive !== alive) this.#look(alive, now);
    const { home, region: near = this.#region, avoid, pinned } = wish;
    const board = this.#board.nodes;
    const may = (one: Candidate) => one.nodeId !== avoid && (!pinned || one.region === near);
    const nodes = avoid === undefined && !pinned ? board : board.filter(may);
    if (!nodes.length) {
      const where = pinned ? ` in ${near}, where this must stay` : '';
      throw new PlatformError('no-media-node', `no media node is alive${where}`);
    }
    const { node, reason } = this.#best(nodes, near, this.#there(roomId, home, wish.hosts));
    if (node.reach === 'trial') this.#reachability.tried(node.nodeId, now);
    const { nodeId, region } = node;
    this.#recent.add({ at: now, roomId, nodeId });
    const passedOver = nodes.filter((other) => other.rank >= rank.full && other !== node);
    this.#note({
      at: now,
      roomId,
      nodeId,
      region,
      reason,
      candidates: nodes.length,
      passedOver: passedOver
        .slice(0, namedAtMost)
        .map((other) => ({ nodeId: other.nodeId, why: shortcoming(other) })),
    });
    this.#count(alive, node);
    const homeStays = nodes.some((one) => one.nodeId === home && !one.drained);
    return { nodeId, home: homeStays ? home! : nodeId };
  }

  #look(alive: readonly Living<MediaNodeStatus>[], now: number): void {
    this.#recent.forgetBefore(now);
    const reach = this.#reachability.judge(
      alive.map(({ nodeId, status }) => ({ nodeId, reach: reachCounts(status) })),
      now,
    );
    const nodes = alive.map((node, i) =>
      candidateOf(node, { ahead: this.#recent.on(node.nodeId), reach: reach[i]! }),
    );
    this.#board = { alive, nodes };
  }

  /** One more is on it. */
  #count(alive: readonly Living<MediaNodeStatus>[], { nodeId, reach }: Candidate): void {
    const at = alive.findIndex((node) => node.nodeId === nodeId);
    const after = reach === 'trial' ? 'out' : reach;
    this.#board.nodes[at] = candidateOf(alive[at]!, { ahead: this.#recent.on(nodeId), reach: after });
  }

  #note(decision: PlacementDecision): void {
    this.decisions.push(decision);
    if (this.decisions.length > keptDecisions) this.decisions.shift();
  }

  /** How many of the room are on each node, its home counting as one more. */
  #there(roomId: RoomId, home: string | undefined, hosts: PlacementWish['hosts'] = []): Map<string, number> {
    const there = new Map(hosts instanceof Map ? hosts : tally(hosts as Iterable<string>));
    if (home !== undefined) there.set(home, (there.get(home) ?? 0) + 1);
    for (const [nodeId, count] of this.#recent.of(roomId))
      there.set(nodeId, (there.get(nodeId) ?? 0) + count);
    return there;
  }

  #best(nodes: Candidate[], region: string | undefined, there: ReadonlyMap<string, number>): Choice {
    const trial = nodes.find((node) => node.reach === 'trial' && !node.drained && !node.atLimit);
    if (trial) return { node: trial, reason: 'one tries whether clients get through to it again' };
    const free = nodes.filter((node) => node.rank <= rank.busy);
    if (!free.length) return this.#leastBad(nodes, region);
    const near = nearest(free, region);
    return this.#roomsNode(near, there) ?? this.#lessLoaded(near);
  }

  #roomsNode(nodes: Candidate[], there: ReadonlyMap<string, number>): Choice | undefined {
    let most: Candidate | undefined;
    for (const node of there.size ? nodes : []) {
      const count = there.get(node.nodeId) ?? 0;
      const mayStay = count > 0 && (node.rank === rank.good || count < bigRoomFrom);
      if (mayStay && count > (most ? there.get(most.nodeId)! : 0)) most = node;
    }
    return most && { node: most, reason: 'the room is there' };
  }

  #lessLoaded(nodes: Candidate[]): Choice {
    const good = nodes.filter((node) => node.rank === rank.good);
    const [one, two] = this.#two(good.length ? good : nodes);
    if (!two) {
      const only = nodes.length === 1;
      return { node: one, reason: only ? 'the only one with a place' : 'the only one that is not busy' };
    }
    const [less, more] = one.load <= two.load ? [one, two] : [two, one];
    return { node: less, reason: `${use(less)} against ${use(more)} on ${more.nodeId}` };
  }

  #two(nodes: Candidate[]): [Candidate, Candidate | undefined] {
    const first = Math.floor(this.#random() * nodes.length);
    if (nodes.length === 1) return [nodes[0]!, undefined];
    const second = (first + 1 + Math.floor(this.#random() * (nodes.length - 1))) % nodes.length;
    return [nodes[first]!, nodes[second]!];
  }

  #leastBad(nodes: Candidate[], region: string | undefined): Choice {
    const best = Math.min(...nodes.map((node) => node.rank));
    const alike = nodes.filter((one) => one.rank === best);
    const [node] = nearest(alike, region).sort((a, b) => a.load - b.load);
    const reason =
      best === rank.full ? `all are full; it has ${use(node!)}` : `none is good: ${shortcoming(node!)}`;
    return { node: node!, reason };
  }
}

/** Those of that region, unless there are none. */
function nearest(nodes: Candidate[], wanted: string | undefined): Candidate[] {
  const near = nodes.filter(({ region }) => region === wanted);
  return near.length ? near : nodes;
}

function tally(names: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
