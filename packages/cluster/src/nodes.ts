import type { Leases } from './leases.ts';

// The leases by which the nodes of a fleet know each other, and what their values say.

const mediaPrefix = 'media-node:';
const signalingPrefix = 'signaling-node:';

export const mediaNodeKey = (nodeId: string) => `${mediaPrefix}${nodeId}`;
export const signalingNodeKey = (nodeId: string) => `${signalingPrefix}${nodeId}`;

/** What a media node tells the fleet of itself, as the JSON value of its lease. */
export type MediaNodeStatus = {
  /** Its control port (`ws://…`); null: reachable inside its own process only. */
  address: string | null;
  region: string;
  sessions: number;
  /** Tracks in and out, and sessions. */
  streams: number;
  /** The busiest worker's share of its core, 0 to 1. */
  busy: number;
};

/** What a signaling node tells: where clients open their WebSocket; null: where they asked the director. */
export type SignalingNodeStatus = { url: string | null; region: string };

export type Living<T> = { nodeId: string; status: Partial<T> };

export function mediaNodes(leases: Leases): Promise<Living<MediaNodeStatus>[]> {
  return living(leases, mediaPrefix);
}

export function signalingNodes(leases: Leases): Promise<Living<SignalingNodeStatus>[]> {
  return living(leases, signalingPrefix);
}

/** Undefined: it does not live. */
export async function mediaNode(
  leases: Leases,
  nodeId: string,
): Promise<Living<MediaNodeStatus> | undefined> {
  const lease = await leases.get(mediaNodeKey(nodeId));
  return lease && { nodeId, status: statusOf(lease.value) };
}

async function living<T>(leases: Leases, prefix: string): Promise<Living<T>[]> {
  const found = await leases.list(prefix);
  return found.map(({ key, value }) => ({ nodeId: key.slice(prefix.length), status: statusOf<T>(value) }));
}

/** Another version's node may say what we cannot read: it says nothing then. */
function statusOf<T>(value: string): Partial<T> {
  try {
    const status: unknown = JSON.parse(value);
    return typeof status === 'object' && status !== null ? (status as Partial<T>) : {};
  } catch {
    return {};
  }
}
