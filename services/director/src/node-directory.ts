import {
  type ClusterStore,
  cancelDrain,
  type Drain,
  directors,
  drains,
  type Living,
  type MediaNodeStatus,
  mediaNodes,
  type NodeFacts,
  relays,
  requestDrain,
  signalingNodes,
} from '@weir/cluster';
import { PlatformError } from '@weir/core';
import { NodeAnswer } from './answers.ts';

type Role = 'director' | 'signaling' | 'media' | 'relay';
type Part = {
  nodeId: string;
  role: Role;
  region: string;
  startedAt: number | null;
  left: number;
  noticed: boolean;
  media?: NodeAnswer['media'];
};

/** The nodes of the fleet as they tell of themselves, and which of them are to become empty. */
export class NodeDirectory {
  readonly #store: ClusterStore;

  constructor(store: ClusterStore) {
    this.#store = store;
  }

  /** By name. */
  async list(): Promise<NodeAnswer[]> {
    const [wanted, parts] = await Promise.all([drains(this.#store.leases), this.#parts()]);
    const names = [...new Set(parts.map(({ nodeId }) => nodeId))].sort();
    return names.map((nodeId) => describe(nodeId, parts, wanted));
  }

  /** Throws `not-found` when no node of that name lives. */
  async get(nodeId: string): Promise<NodeAnswer> {
    const found = (await this.list()).find((node) => node.nodeId === nodeId);
    if (!found) throw new PlatformError('not-found', `no node ${nodeId} is alive: see GET /v1/nodes`);
    return found;
  }

  /** Nobody new comes to it, and whoever is there leaves within `withinMs`. */
  async drain(nodeId: string, withinMs: number): Promise<NodeAnswer> {
    await this.get(nodeId);
    await requestDrain(this.#store.leases, nodeId, withinMs);
    return this.get(nodeId);
  }

  async cancelDrain(nodeId: string): Promise<NodeAnswer> {
    await cancelDrain(this.#store.leases, nodeId);
    return this.get(nodeId);
  }

  async #parts(): Promise<Part[]> {
    const { leases } = this.#store;
    const [media, signaling, relaying, directing] = await Promise.all([
      mediaNodes(leases),
      signalingNodes(leases),
      relays(leases),
      directors(leases),
    ]);
    return [
      ...parts('media', media, ({ sessions }) => sessions).map((part, i) => ({
        ...part,
        media: mediaOf(media[i]!.status),
      })),
      ...parts('signaling', signaling, ({ connections }) => connections),
      ...parts('relay', relaying, ({ allocations }) => allocations),
      ...parts('director', directing, () => 0),
    ];
  }
}

function parts<T extends NodeFacts & { region: string }>(
  role: Role,
  living: Living<T>[],
  left: (status: Partial<T>) => number | undefined,
): Part[] {
  return living.map(({ nodeId, status }) => ({
    nodeId,
    role,
    region: status.region ?? '',
    startedAt: Number(status.startedAt) || null,
    left: Number(left(status)) || 0,
    noticed: status.drain !== undefined,
  }));
}

/** Another version's node may say what we cannot read. */
function mediaOf({ use, busy, degraded }: Partial<MediaNodeStatus>): NonNullable<NodeAnswer['media']> {
  const media = { use: { cpu: Number(busy) || 0, ...use }, degraded: degraded ?? null };
  const read = NodeAnswer.shape.media.unwrap().safeParse(media);
  return read.success ? read.data : { use: {}, degraded: null };
}

function describe(nodeId: string, all: Part[], wanted: ReadonlyMap<string, Drain>): NodeAnswer {
  const own = all.filter((part) => part.nodeId === nodeId);
  const drain = wanted.get(nodeId);
  const isEmpty = own.every(({ left, noticed }) => left === 0 && noticed);
  return {
    nodeId,
    region: own[0]!.region,
    startedAt: own[0]!.startedAt,
    roles: own.map(({ role, left }) => ({ role, left })),
    state: !drain ? 'working' : isEmpty ? 'drained' : 'draining',
    drain: drain ?? null,
    ...own.flatMap(({ media }) => (media ? { media } : [])).at(0),
    notes: drain ? notes(own, all, wanted) : [],
  };
}

/** What keeps it from becoming empty without anybody noticing. */
function notes(own: Part[], all: Part[], wanted: ReadonlyMap<string, Drain>): string[] {
  return own.flatMap(({ role, left, nodeId }) => {
    const others = all.filter((part) => part.role === role && !wanted.has(part.nodeId));
    if (others.length > 0 || role === 'director') return [];
    const stay = left > 0 ? `the ${left} that are here stay` : 'whoever comes comes here';
    return [`there is no other ${role} node to go to than ${nodeId}: ${stay}. Start one, or undo a drain`];
  });
}
