import { type Candidate, candidateOf, rank } from './candidates.ts';
import type { Living, MediaNodeStatus } from './nodes.ts';
import type { Reach } from './reachability.ts';

/** The nodes among which somebody is placed, sorted out. */
export type Field = {
  all: readonly Candidate[];
  /** With a place, and of the region if it has any such; `good` the best of these. */
  near: readonly Candidate[];
  good: readonly Candidate[];
  /** Full, drained or out of reach. */
  bad: readonly Candidate[];
};

export type FieldWish = { region: string | undefined; pinned: boolean; avoid: string | undefined };

/** The media nodes as they were told last, with those who were placed since: made once, asked for many. */
export class PlacementBoard {
  /** What it was made from. */
  readonly alive: readonly Living<MediaNodeStatus>[];
  readonly #told = new Map<string, Living<MediaNodeStatus>>();
  readonly #nodes = new Map<string, Candidate>();
  readonly #fields = new Map<string, Field>();

  constructor(alive: readonly Living<MediaNodeStatus>[], reach: Reach[], ahead: (nodeId: string) => number) {
    this.alive = alive;
    for (const [i, node] of alive.entries()) {
      this.#told.set(node.nodeId, node);
      this.#nodes.set(node.nodeId, candidateOf(node, { ahead: ahead(node.nodeId), reach: reach[i]! }));
    }
  }

  node(nodeId: string): Candidate | undefined {
    return this.#nodes.get(nodeId);
  }

  field(wish: FieldWish): Field {
    if (wish.avoid !== undefined) return sortOut([...this.#nodes.values()], wish);
    const key = `${wish.pinned ? '=' : '~'}${wish.region ?? '/'}`;
    let field = this.#fields.get(key);
    if (!field) {
      field = sortOut([...this.#nodes.values()], wish);
      this.#fields.set(key, field);
    }
    return field;
  }

  /** So many were placed on it by now whom its figures do not have. */
  placed(nodeId: string, ahead: number): void {
    const node = this.#nodes.get(nodeId)!;
    const before = node.rank;
    const reach = node.reach === 'trial' ? 'out' : node.reach; // One is enough.
    Object.assign(node, candidateOf(this.#told.get(nodeId)!, { ahead, reach }));
    if (node.rank !== before || reach !== 'good') this.#fields.clear();
  }
}

function sortOut(nodes: Candidate[], { region, pinned, avoid }: FieldWish): Field {
  const all = nodes.filter((node) => node.nodeId !== avoid && (!pinned || node.region === region));
  const free = all.filter((node) => node.rank <= rank.busy);
  const near = nearest(free, region);
  return {
    all,
    near,
    good: near.filter((node) => node.rank === rank.good),
    bad: all.filter((node) => node.rank >= rank.full),
  };
}

/** Those of that region, unless there are none. */
export function nearest(nodes: readonly Candidate[], wanted: string | undefined): readonly Candidate[] {
  const near = nodes.filter(({ region }) => region === wanted);
  return near.length ? near : nodes;
}
