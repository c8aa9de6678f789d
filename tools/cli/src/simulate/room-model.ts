import { type NodePlace, PipeTree } from '@weir/media/pipe-tree';
import { type ModelNode, streams, type Traffic } from './fleet-model.ts';

const tree = { fanOut: 8, depth: 5 };
/** Of a bigger room some are on the stage, and the others look at them. */
const stage = 12;
const tiles = 9;
const slots = 6;

export type Track = { origin: string; pipes: PipeTree };

/** A room of a size, with who is where, and the pipes between its nodes. */
export class ModelRoom {
  readonly roomId: string;
  readonly size: number;
  /** Where most of its people are. */
  readonly region: string;
  home: string | undefined;
  /** How many of its people are on each node. */
  readonly hosts = new Map<string, number>();
  readonly tracks: Track[] = [];

  constructor(roomId: string, size: number, region: string) {
    this.roomId = roomId;
    this.size = size;
    this.region = region;
  }

  /** What one of its people receives, and what they send if they are on the stage. */
  received(): Traffic {
    const videos = Math.min(tiles, Math.min(stage, this.size) - 1);
    const sounds = Math.min(slots, Math.min(stage, this.size) - 1);
    return sum([
      [streams.video, videos],
      [streams.audio, sounds],
    ]);
  }

  get publishers(): number {
    return Math.min(stage, this.size);
  }

  /** Somebody is on the node; `publishes`: one of the stage. */
  enter(node: ModelNode, publishes: boolean, find: (nodeId: string) => ModelNode | undefined): void {
    const { nodeId } = node;
    const before = this.hosts.get(nodeId) ?? 0;
    this.hosts.set(nodeId, before + 1);
    node.sessions++;
    node.add(this.received());
    if (publishes) {
      const track = { origin: nodeId, pipes: new PipeTree(place(node), tree) };
      this.tracks.push(track);
      for (const other of this.hosts.keys()) {
        const there = find(other);
        if (other !== nodeId && there) this.#lay(track, there, find);
      }
    }
    if (before === 0)
      for (const track of this.tracks) if (track.origin !== nodeId) this.#lay(track, node, find);
  }

  /** Somebody left it. */
  leave(node: ModelNode, find: (nodeId: string) => ModelNode | undefined): void {
    const { nodeId } = node;
    const left = (this.hosts.get(nodeId) ?? 1) - 1;
    node.sessions--;
    node.add(this.received(), -1);
    if (left > 0) return void this.hosts.set(nodeId, left);
    this.hosts.delete(nodeId);
    for (const track of this.tracks) this.#cut(track, nodeId, find);
  }

  /** The node is dead: its pipes are gone, and those beyond it ask anew. Answers how many of its people published there. */
  lose(nodeId: string, find: (nodeId: string) => ModelNode | undefined): number {
    this.hosts.delete(nodeId);
    if (this.home === nodeId) this.home = undefined;
    const own = this.tracks.filter(({ origin }) => origin === nodeId);
    for (const track of own) {
      for (const other of this.hosts.keys()) this.#pay(track, other, find, -1);
      this.tracks.splice(this.tracks.indexOf(track), 1);
    }
    for (const track of this.tracks) this.#cut(track, nodeId, find);
    return own.length;
  }

  /** Nodes that got no place in a tree while others were dying ask again. */
  askAgain(find: (nodeId: string) => ModelNode | undefined): void {
    for (const track of this.tracks)
      for (const edge of this.hosts.keys()) {
        const node = find(edge);
        if (node && edge !== track.origin && track.pipes.parentOf(edge) === undefined)
          this.#lay(track, node, find);
      }
  }

  /** The longest way that a track takes, in pipes. */
  get depth(): number {
    let deepest = 0;
    for (const { origin, pipes } of this.tracks)
      for (const edge of this.hosts.keys()) {
        let depth = 0;
        for (let at = edge; at !== origin; depth++) {
          const parent = pipes.parentOf(at);
          if (parent === undefined) break;
          at = parent;
        }
        deepest = Math.max(deepest, depth);
      }
    return deepest;
  }

  /** Nodes that found no place in a tree: their people would not see that track. */
  get unserved(): number {
    return this.tracks.reduce(
      (count, { origin, pipes }) =>
        count +
        [...this.hosts.keys()].filter((edge) => edge !== origin && pipes.parentOf(edge) === undefined).length,
      0,
    );
  }

  #lay(track: Track, node: ModelNode, find: (nodeId: string) => ModelNode | undefined): void {
    const usable = (nodeId: string) => this.hosts.has(nodeId) && find(nodeId)?.isDead === false;
    if (track.pipes.add(place(node), usable) !== undefined) this.#pay(track, node.nodeId, find, 1);
  }

  /** Takes an edge out; those that hung under it are hung anew. */
  #cut(track: Track, nodeId: string, find: (nodeId: string) => ModelNode | undefined): void {
    if (track.origin === nodeId) return; // Its publisher is elsewhere soon; the node goes on giving.
    const before = new Set([...this.hosts.keys()].filter((edge) => track.pipes.parentOf(edge) !== undefined));
    const parents = new Map([...before].map((edge) => [edge, track.pipes.parentOf(edge)!]));
    this.#pay(track, nodeId, find, -1);
    track.pipes.remove(nodeId);
    for (const edge of before) {
      if (edge === nodeId || track.pipes.parentOf(edge) !== undefined) continue;
      find(parents.get(edge)!)?.add(streams.piped, -1);
      const node = find(edge);
      if (!node) continue;
      node.add({ bps: 0, packets: -streams.piped.packets });
      this.#lay(track, node, find);
    }
  }

  /** What a pipe costs those at its ends: sent by one, received by the other. */
  #pay(track: Track, edge: string, find: (nodeId: string) => ModelNode | undefined, times: number): void {
    const parent = track.pipes.parentOf(edge);
    if (parent === undefined) return;
    find(parent)?.add(streams.piped, times);
    find(edge)?.add({ bps: 0, packets: streams.piped.packets }, times);
  }
}

function place({ nodeId, region }: ModelNode): NodePlace {
  return { nodeId, region };
}

function sum(parts: [Traffic, number][]): Traffic {
  return parts.reduce(
    (all, [{ bps, packets }, count]) => ({
      bps: all.bps + bps * count,
      packets: all.packets + packets * count,
    }),
    { bps: 0, packets: 0 },
  );
}
