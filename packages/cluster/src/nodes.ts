import type { NodeFacts } from './drain.ts';
import type { Leases } from './leases.ts';
import type { ReachCounts } from './reachability.ts';

// The leases by which the nodes of a fleet know each other, and what their values say.

const mediaPrefix = 'media-node:';
const signalingPrefix = 'signaling-node:';
const relayPrefix = 'relay:';
const directorPrefix = 'director:';

export const mediaNodeKey = (nodeId: string) => `${mediaPrefix}${nodeId}`;
export const signalingNodeKey = (nodeId: string) => `${signalingPrefix}${nodeId}`;
export const relayKey = (nodeId: string) => `${relayPrefix}${nodeId}`;
export const directorKey = (nodeId: string) => `${directorPrefix}${nodeId}`;

/** What a media node may run out of. */
export type Resource = 'cpu' | 'egress' | 'packets' | 'consumers' | 'sessions';

/** What a media node has given up to bear its load; each goes with those before it. */
export type Degradation = 'new-rooms' | 'top-layers' | 'unpinned-video';

/** What a media node tells the fleet of itself, as the JSON value of its lease. */
export type MediaNodeStatus = NodeFacts & {
  /** Its control port (`ws://…`); null: reachable inside its own process only. */
  address: string | null;
  region: string;
  sessions: number;
  /** New ones come here while there are fewer; absent: as many as `busy` allows. */
  sessionsAtMost?: number;
  /** Tracks in and out, and sessions. */
  streams: number;
  /** The busiest worker's share of its core, 0 to 1. */
  busy: number;
  egressBps?: number;
  packetsPerSecond?: number;
  consumers?: number;
  /** How much of each resource with a limit is in use, 0 to 1 and above. */
  use?: Partial<Record<Resource, number>>;
  /** How clients got through to it of late. */
  reach?: ReachCounts;
  /** What it has given up to bear its load; absent: nothing. */
  degraded?: Degradation;
};

/** What a signaling node tells: where clients open their WebSocket; null: where they asked the director. */
export type SignalingNodeStatus = NodeFacts & {
  url: string | null;
  region: string;
  /** Connections of clients; absent in an older version's. */
  connections?: number;
};

/** What a director tells. */
export type DirectorStatus = NodeFacts & { region: string };

/** What a relay tells: where clients reach it, and what it carries. */
export type RelayStatus = NodeFacts & {
  /** Like `turn:relay-1.example.org:3478?transport=udp` (RFC 7065), the best first. */
  urls: string[];
  region: string;
  /** False: it is being started anew, and takes nobody. */
  working: boolean;
  /** A client has one for each way that it tries. */
  allocations: number;
  allocationsAtMost: number;
  /** Both ways together, in the last seconds. */
  bitrateBps: number;
};

export type Living<T> = { nodeId: string; status: Partial<T> };

export function mediaNodes(leases: Leases): Promise<Living<MediaNodeStatus>[]> {
  return living(leases, mediaPrefix);
}

export function signalingNodes(leases: Leases): Promise<Living<SignalingNodeStatus>[]> {
  return living(leases, signalingPrefix);
}

export function relays(leases: Leases): Promise<Living<RelayStatus>[]> {
  return living(leases, relayPrefix);
}

export function directors(leases: Leases): Promise<Living<DirectorStatus>[]> {
  return living(leases, directorPrefix);
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
