import type { CapturedPacket } from '../forward/captured-packets.ts';

/** One stream where it leaves, or enters, a node. */
export type Gate = { port: number; ssrc: number };

/**
 * In ms, from a packet's arrival at its publisher's node to its departure to a viewer, for each viewer. A copy has the time
 * stamp of its original on every node.
 */
export function hopDelays(packets: Iterable<CapturedPacket>, origin: Gate, viewers: Gate[]): number[][] {
  const arrivals = new Map<number, number>();
  const delays = viewers.map((): number[] => []);
  for (const { atMs, fromPort, toPort, ssrc, timestamp } of packets) {
    if (toPort === origin.port && ssrc === origin.ssrc) arrivals.set(timestamp, atMs);
    const at = viewers.findIndex((viewer) => viewer.port === fromPort && viewer.ssrc === ssrc);
    const arrivedMs = at < 0 ? undefined : arrivals.get(timestamp);
    if (arrivedMs !== undefined) delays[at]!.push(atMs - arrivedMs);
  }
  return delays;
}
