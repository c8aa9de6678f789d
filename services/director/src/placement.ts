import type { ClusterStore } from '@weir/cluster';
import { PlatformError } from '@weir/core';
import type { RoomId } from '@weir/protocol';

/** A choice of a media node, and why. */
export type PlacementDecision = {
  at: number;
  roomId: RoomId;
  nodeId: string;
  reason: string;
  candidates: number;
};

/** What a media node tells of itself in its lease. */
type NodeLoad = { sessions?: number };

const keptDecisions = 1_000;
/** A placement counts as load for so long: its session is not in the node's own figures yet. */
const aheadMs = 3_000;

/**
 * Chooses a media node for a participant: the less loaded of two random ones among those that live, with the placements
 * of the last seconds counted ahead, so that a burst of joins does not fall on one node.
 */
export class Placement {
  readonly #store: ClusterStore;
  readonly #random: () => number;
  readonly #recent: { at: number; nodeId: string }[] = [];
  readonly decisions: PlacementDecision[] = [];

  constructor(store: ClusterStore, random: () => number = Math.random) {
    this.#store = store;
    this.#random = random;
  }

  /** Throws `no-media-node` when none lives. */
  async choose(roomId: RoomId): Promise<string> {
    const now = Date.now();
    while (this.#recent[0] && now - this.#recent[0].at > aheadMs) this.#recent.shift();
    const nodes = (await this.#store.leases.list('media-node:')).map((lease) => {
      const nodeId = lease.key.slice('media-node:'.length);
      const ahead = this.#recent.filter((recent) => recent.nodeId === nodeId).length;
      return { nodeId, load: (parseLoad(lease.value).sessions ?? 0) + ahead };
    });
    if (!nodes.length) throw new PlatformError('no-media-node', 'no media node is alive');
    const [one, two] = this.#twoOf(nodes);
    const chosen = !two || one.load <= two.load ? one : two;
    const other = chosen === one ? two : one;
    const reason = other
      ? `${chosen.load} sessions against ${other.load} on ${other.nodeId}`
      : 'the only one alive';
    this.#recent.push({ at: now, nodeId: chosen.nodeId });
    this.decisions.push({ at: now, roomId, nodeId: chosen.nodeId, reason, candidates: nodes.length });
    if (this.decisions.length > keptDecisions) this.decisions.shift();
    return chosen.nodeId;
  }

  #twoOf<T>(items: T[]): [T, T | undefined] {
    const first = Math.floor(this.#random() * items.length);
    if (items.length === 1) return [items[first]!, undefined];
    const second = (first + 1 + Math.floor(this.#random() * (items.length - 1))) % items.length;
    return [items[first]!, items[second]];
  }
}

function parseLoad(value: string): NodeLoad {
  try {
    return JSON.parse(value) as NodeLoad;
  } catch {
    return {}; // Another version's node: it counts as idle.
  }
}
