import type { LayerPreferences } from '@weir/protocol';

/** A track that waits to be received. */
export type WaitingTrack = {
  trackId: string;
  kind: 'audio' | 'video' | 'data';
  /** Tracks of one stream are played in step, which a browser does within one connection only. */
  streamId: string;
  preferences?: LayerPreferences | undefined;
};

/** A receive transport as the queue sees it. */
export type ReceiveTransport = {
  transportId: string;
  /** Received over it or about to be. */
  tracks: number;
  /** The streams that it carries a track of. */
  streams: ReadonlySet<string>;
  /** A batch is being negotiated on it: a second one would wait for the first. */
  busy: boolean;
};

export type QueueLimits = {
  /** Negotiating takes longer the more tracks a transport has. */
  tracksPerTransport: number;
  transports: number;
  /** Each batch is one request and one negotiation. */
  tracksPerBatch: number;
  /** The first batch is smaller: somebody is looking at an empty page. */
  tracksInFirstBatch: number;
};

export type Batch = {
  /** Undefined: on a transport that is to be opened for it. */
  transportId: string | undefined;
  trackIds: string[];
};

/** In the order in which they are wanted. */
const ranks = { heard: 0, shown: 1, unknown: 2, hidden: 3 } as const;

function rankOf({ kind, preferences }: WaitingTrack): number {
  if (preferences?.paused) return ranks.hidden;
  if (kind === 'audio') return ranks.heard;
  return preferences?.paused === false ? ranks.shown : ranks.unknown;
}

/**
 * The order in which tracks are received: who is heard, for a call is speech first; what is shown, and of that the pinned
 * first (by priority); then the rest as it came, last what no tile shows. A stream's tracks stay together.
 */
export function inOrder(waiting: readonly WaitingTrack[]): WaitingTrack[][] {
  const streams = new Map<string, WaitingTrack[]>();
  for (const track of waiting) {
    const group = streams.get(track.streamId);
    if (group) group.push(track);
    else streams.set(track.streamId, [track]);
  }
  const sortable = [...streams.values()].map((tracks) => ({
    tracks,
    rank: Math.min(...tracks.map(rankOf)),
    priority: Math.max(...tracks.map(({ preferences }) => preferences?.priority ?? 1)),
  }));
  sortable.sort((a, b) => a.rank - b.rank || b.priority - a.priority); // Stable: else as they came.
  return sortable.map(({ tracks }) => tracks);
}

/** What to subscribe to next, and over which transport; undefined when nothing waits or all that could take it is busy. */
export function nextBatch(
  waiting: readonly WaitingTrack[],
  transports: readonly ReceiveTransport[],
  opening: number,
  limits: QueueLimits,
): Batch | undefined {
  const home = ([track]: WaitingTrack[]) => transports.find(({ streams }) => streams.has(track!.streamId));
  const groups = inOrder(waiting).filter((group) => !home(group)?.busy);
  const [first] = groups;
  if (!first) return undefined;
  const target = chooseTransport(home(first), transports, opening, limits);
  if (!target) return undefined;
  const nothingYet = opening === 0 && transports.every(({ tracks }) => tracks === 0);
  const size = Math.min(target.free, nothingYet ? limits.tracksInFirstBatch : limits.tracksPerBatch);
  const trackIds: string[] = [];
  for (const group of groups) {
    if (trackIds.length && trackIds.length + group.length > size) break;
    const at = home(group)?.transportId;
    if (at !== undefined && at !== target.transportId) continue; // In a later batch, where its stream is.
    trackIds.push(...group.map(({ trackId }) => trackId));
  }
  return { transportId: target.transportId, trackIds };
}

function chooseTransport(
  home: ReceiveTransport | undefined,
  transports: readonly ReceiveTransport[],
  opening: number,
  limits: QueueLimits,
): { transportId: string | undefined; free: number } | undefined {
  // Lips and voice in step are worth a transport that is fuller than it should be.
  if (home) return { transportId: home.transportId, free: limits.tracksPerBatch };
  const idle = transports.filter(({ busy }) => !busy).sort((a, b) => a.tracks - b.tracks);
  const free = (tracks: number) => limits.tracksPerTransport - tracks;
  const roomy = idle.find(({ tracks }) => free(tracks) > 0);
  if (roomy) return { transportId: roomy.transportId, free: free(roomy.tracks) };
  if (transports.length + opening < limits.transports)
    return { transportId: undefined, free: limits.tracksPerTransport };
  // All full: the emptiest takes more than it should. Slower, but nothing is left out.
  const [emptiest] = idle;
  return emptiest && { transportId: emptiest.transportId, free: limits.tracksPerBatch };
}
