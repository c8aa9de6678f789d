import { PlatformError } from '@weir/core';
import type { RoomId } from '@weir/protocol';
import { type Candidate, rank, reachCounts, shortcoming, use } from './candidates.ts';
import type { ClusterStore } from './cluster-store.ts';
import { type Living, type MediaNodeStatus, mediaNodes } from './nodes.ts';
import { type Field, nearest, PlacementBoard } from './placement-board.ts';
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
/** A room with so many people on a node takes none of a busy one’s last room, … */
const bigRoomFrom = 12;
/** … and a smaller one only so far: those who have come are not all yet, nor do they all send yet. */
const stayBelow = 0.77;

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
  #board = new PlacementBoard([], [], () => 0);
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
    const { home, region = this.#region, avoid, pinned = false } = wish;
    const field = this.#board.field({ region, pinned, avoid });
    if (!field.all.length) {
      const where = pinned ? ` in ${region}, where this must stay` : '';
      throw new PlatformError('no-media-node', `no media node is alive${where}`);
    }
    const there = this.#there(roomId, home, wish.hosts);
    if (avoid !== undefined) there.delete(avoid);
    const { node, reason } = this.#best(field, region, there);
    const { nodeId } = node;
    if (node.reach === 'trial') this.#reachability.tried(nodeId, now);
    this.#recent.add({ at: now, roomId, nodeId });
    this.#note({
      at: now,
      roomId,
      nodeId,
      region: node.region,
      reason,
      candidates: field.all.length,
      passedOver: firstOf(field.bad, node).map((one) => ({ nodeId: one.nodeId, why: shortcoming(one) })),
    });
    this.#board.placed(nodeId, this.#recent.on(nodeId));
    const homeNode = home === undefined || home === avoid ? undefined : this.#board.node(home);
    const homeStays = homeNode !== undefined && !homeNode.drained && (!pinned || homeNode.region === region);
    return { nodeId, home: homeStays ? home! : nodeId };
  }

  #look(alive: readonly Living<MediaNodeStatus>[], now: number): void {
    this.#recent.forgetBefore(now);
    const tries = alive.map(({ nodeId, status }) => ({ nodeId, reach: reachCounts(status) }));
    const reach = this.#reachability.judge(tries, now);
    this.#board = new PlacementBoard(alive, reach, (nodeId) => this.#recent.on(nodeId));
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

  #best(field: Field, region: string | undefined, there: ReadonlyMap<string, number>): Choice {
    const trial = field.bad.find((node) => node.reach === 'trial' && !node.drained && !node.atLimit);
    if (trial) return { node: trial, reason: 'one tries whether clients get through to it again' };
    if (!field.near.length) return this.#leastBad(field, region);
    return this.#roomsNode(field, there) ?? this.#lessLoaded(field);
  }

  #roomsNode({ near }: Field, there: ReadonlyMap<string, number>): Choice | undefined {
    let most: Candidate | undefined;
    const nearRegion = near[0]!.region;
    const anyRegion = near.some(({ region }) => region !== nearRegion);
    for (const [nodeId, count] of there) {
      const node = this.#board.node(nodeId);
      if (!node || node.rank > rank.busy || !(anyRegion || node.region === nearRegion)) continue;
      const mayStay = node.rank === rank.good || (count < bigRoomFrom && node.load < stayBelow);
      if (mayStay && count > (most ? there.get(most.nodeId)! : 0)) most = node;
    }
    return most && { node: most, reason: 'the room is there' };
  }

  #lessLoaded({ near, good }: Field): Choice {
    const [one, two] = this.#two(good.length ? good : near);
    if (!two) {
      const only = near.length === 1;
      return { node: one, reason: only ? 'the only one with a place' : 'the only one that is not busy' };
    }
    const [less, more] = one.load <= two.load ? [one, two] : [two, one];
    return { node: less, reason: `${use(less)} against ${use(more)} on ${more.nodeId}` };
  }

  #two(nodes: readonly Candidate[]): [Candidate, Candidate | undefined] {
    const first = Math.floor(this.#random() * nodes.length);
    if (nodes.length === 1) return [nodes[0]!, undefined];
    const second = (first + 1 + Math.floor(this.#random() * (nodes.length - 1))) % nodes.length;
    return [nodes[first]!, nodes[second]!];
  }

  #leastBad({ all }: Field, region: string | undefined): Choice {
    const best = Math.min(...all.map((node) => node.rank));
    const alike = all.filter((node) => node.rank === best);
    const node = nearest(alike, region).reduce((least, one) => (one.load < least.load ? one : least));
    const reason =
      best === rank.full ? `all are full; it has ${use(node)}` : `none is good: ${shortcoming(node)}`;
    return { node, reason };
  }
}

/** Some of them, without that one. */
function firstOf(nodes: readonly Candidate[], without: Candidate): Candidate[] {
  return nodes
    .slice(0, namedAtMost + 1)
    .filter((node) => node !== without)
    .slice(0, namedAtMost);
}

function tally(names: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
