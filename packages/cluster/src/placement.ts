import { PlatformError } from '@weir/core';
import type { RoomId } from '@weir/protocol';
import type { ClusterStore } from './cluster-store.ts';
import { mediaNodes } from './nodes.ts';

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

/**
 * Chooses a media node for a participant: the one where the room is, else the less loaded of two random ones among those
 * that live. The placements of the last seconds are counted ahead, so that a burst of joins does not fall on one node.
 */
export class Placement {
  readonly #store: ClusterStore;
  readonly #random: () => number;
  #recent: PlacementDecision[] = [];
  readonly decisions: PlacementDecision[] = [];

  constructor(store: ClusterStore, random: () => number = Math.random) {
    this.#store = store;
    this.#random = random;
  }

  /**
   * `hosts`: the nodes of those who are in the room, one entry each. `avoid`: a node that was just found dead, though its
   * lease may still run. Throws `no-media-node` when no other lives.
   */
  async choose(roomId: RoomId, hosts: Iterable<string> = [], avoid?: string): Promise<string> {
    const alive = (await mediaNodes(this.#store.leases)).filter(({ nodeId }) => nodeId !== avoid);
    // Nothing is awaited from here on, so that two who come at once see each other's placement.
    const now = Date.now();
    this.#recent = this.#recent.filter(({ at }) => now - at < aheadMs).slice(-keptDecisions);
    const ahead = tally(this.#recent.map(({ nodeId }) => nodeId));
    const nodes = alive.map(({ nodeId, status }) => ({
      nodeId,
      load: (Number(status.sessions) || 0) + (ahead.get(nodeId) ?? 0),
    }));
    if (!nodes.length) throw new PlatformError('no-media-node', 'no media node is alive');
    const { nodeId, reason } = this.#roomsNode(roomId, hosts, nodes) ?? this.#lessLoaded(nodes);
    const decision = { at: now, roomId, nodeId, reason, candidates: nodes.length };
    this.#recent.push(decision);
    this.decisions.push(decision);
    if (this.decisions.length > keptDecisions) this.decisions.shift();
    return nodeId;
  }

  #roomsNode(roomId: RoomId, hosts: Iterable<string>, nodes: { nodeId: string }[]) {
    const there = tally([...hosts, ...this.#recent.filter((r) => r.roomId === roomId).map((r) => r.nodeId)]);
    const [most] = nodes
      .filter(({ nodeId }) => there.has(nodeId))
      .sort((a, b) => there.get(b.nodeId)! - there.get(a.nodeId)!);
    return most && { nodeId: most.nodeId, reason: 'the room is there' };
  }

  #lessLoaded(nodes: { nodeId: string; load: number }[]) {
    const first = Math.floor(this.#random() * nodes.length);
    const one = nodes[first]!;
    if (nodes.length === 1) return { nodeId: one.nodeId, reason: 'the only one alive' };
    const second = (first + 1 + Math.floor(this.#random() * (nodes.length - 1))) % nodes.length;
    const two = nodes[second]!;
    const [less, more] = one.load <= two.load ? [one, two] : [two, one];
    return {
      nodeId: less.nodeId,
      reason: `${less.load} sessions against ${more.load} on ${more.nodeId}`,
    };
  }
}

function tally(names: string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
