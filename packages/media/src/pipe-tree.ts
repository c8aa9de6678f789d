/** A media node, and where it is. */
export type NodePlace = { nodeId: string; region: string };

export type TreeLimits = {
  /** Pipes out of one node. */
  fanOut: number;
  /** Pipes in a row. */
  depth: number;
};

type Branch = NodePlace & { depth: number; children: Set<Branch>; parent: Branch | undefined };

/**
 * Under which node each edge of a track hangs: as near to the origin as there is a place, and in each other region all under
 * the first edge of it. Pure; the origin keeps one for each of its tracks.
 */
export class PipeTree {
  readonly #limits: TreeLimits;
  readonly #root: Branch;
  readonly #edges = new Map<string, Branch>();

  constructor(origin: NodePlace, limits: TreeLimits) {
    this.#limits = limits;
    this.#root = { ...origin, depth: 0, children: new Set(), parent: undefined };
  }

  /** How many edges there are. */
  get size(): number {
    return this.#edges.size;
  }

  parentOf(nodeId: string): string | undefined {
    return this.#edges.get(nodeId)?.parent?.nodeId;
  }

  /**
   * Hangs an edge in and answers under which node; undefined: there is no place. One that was in already is hung anew, and
   * what hung under it is out. Nodes that are not `usable`, and what hangs under them, are passed over.
   */
  add(edge: NodePlace, usable: (nodeId: string) => boolean = () => true): string | undefined {
    this.remove(edge.nodeId);
    const parent = edge.nodeId === this.#root.nodeId ? undefined : this.#placeFor(edge.region, usable);
    if (!parent) return undefined;
    const branch: Branch = { ...edge, depth: parent.depth + 1, children: new Set(), parent };
    parent.children.add(branch);
    this.#edges.set(edge.nodeId, branch);
    return parent.nodeId;
  }

  /** Takes an edge out, with all that hangs under it. */
  remove(nodeId: string): void {
    const branch = this.#edges.get(nodeId);
    if (!branch) return;
    branch.parent?.children.delete(branch);
    this.#forget(branch);
  }

  #placeFor(region: string, usable: (nodeId: string) => boolean): Branch | undefined {
    const { fanOut, depth } = this.#limits;
    const all = this.#nearestFirst(usable);
    const free = all.filter((branch) => branch.children.size < fanOut && branch.depth < depth);
    const within = (wanted: string) => free.find((branch) => branch.region === wanted);
    // Once the track is in the region it comes from there. A second copy of it is better than none.
    if (all.some((branch) => branch.region === region)) return within(region) ?? free[0];
    return within(this.#root.region) ?? free[0];
  }

  #nearestFirst(usable: (nodeId: string) => boolean): Branch[] {
    const found = [this.#root];
    for (const branch of found)
      for (const child of branch.children) if (usable(child.nodeId)) found.push(child);
    return found;
  }

  #forget(branch: Branch): void {
    this.#edges.delete(branch.nodeId);
    for (const child of branch.children) this.#forget(child);
  }
}
