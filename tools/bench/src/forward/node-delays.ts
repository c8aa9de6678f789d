import type { RtpParameters } from '@weir/protocol';
import type { CapturedPacket } from './captured-packets.ts';

/** The streams that go into a node's port and those that come out of it, as the signaling knows them. */
export class Streams {
  nodePort: number | undefined;
  readonly #published = new Set<number>();
  readonly #subscribed = new Set<number>();

  publish({ encodings = [] }: RtpParameters): void {
    for (const { ssrc } of encodings) if (ssrc !== undefined) this.#published.add(ssrc);
  }

  subscribe({ encodings = [] }: RtpParameters): void {
    for (const { ssrc } of encodings) if (ssrc !== undefined) this.#subscribed.add(ssrc);
  }

  /** Retransmissions are neither: they have SSRCs of their own. */
  wayOf({ fromPort, toPort, ssrc }: CapturedPacket): 'in' | 'out' | undefined {
    if (toPort === this.nodePort && this.#published.has(ssrc)) return 'in';
    return fromPort === this.nodePort && this.#subscribed.has(ssrc) ? 'out' : undefined;
  }
}

/** In ms, from a packet's arrival at the node to its copies' departure. */
export type NodeDelays = {
  /** To the first copy of each packet. */
  first: number[];
  /** To each copy. */
  all: number[];
};

/**
 * Matches what goes into a node with what comes out of it. A copy has the time stamp of its original, and each stream's time
 * stamps begin at a random place: where two streams have the same one, their copies are left out.
 */
export function nodeDelays(packets: Iterable<CapturedPacket>, streams: Streams): NodeDelays {
  const originals = new Map<number, { ssrc: number; atMs: number; copies: number }>();
  const shared = new Set<number>();
  const delays: NodeDelays = { first: [], all: [] };
  for (const packet of packets) {
    const { atMs, ssrc, timestamp } = packet;
    const way = streams.wayOf(packet);
    const original = originals.get(timestamp);
    if (way === 'in') {
      if (original && original.ssrc !== ssrc) shared.add(timestamp);
      originals.set(timestamp, { ssrc, atMs, copies: 0 });
    } else if (way === 'out' && original && !shared.has(timestamp)) {
      if (original.copies++ === 0) delays.first.push(atMs - original.atMs);
      delays.all.push(atMs - original.atMs);
    }
  }
  return delays;
}
