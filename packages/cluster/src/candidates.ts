import type { Living, MediaNodeStatus, Resource } from './nodes.ts';
import type { Reach, ReachCounts } from './reachability.ts';

/** From these shares of its scarcest resource on a node takes no more rooms, and then nobody more. */
export const busyFrom = 0.7;
export const fullFrom = 0.85;

/** Of equals the one with fewer sessions is the less loaded: so many would be a full one's. */
const nominalSessions = 20_000;
/** What a session takes of a resource where too few are there to tell, and at least: who comes may want more than those there. */
const nominalShare = 0.001;
const tellingSessions = 10;

/** A media node as it would be with those who were placed on it a moment ago. */
export type Candidate = {
  nodeId: string;
  region: string;
  sessions: number;
  /** Of its scarcest resource, 0 to 1 and above. */
  load: number;
  scarcest: Resource;
  /** As many sessions as it may have. */
  atLimit: boolean;
  drained: boolean;
  reach: Reach;
  rank: Rank;
};

/** In how good a shape it is to take somebody: less is better, and from `full` on it is for want of others only. */
export const rank = { good: 0, busy: 1, full: 2, unreached: 3, drained: 4 } as const;
type Rank = (typeof rank)[keyof typeof rank];

/** `ahead`: how many were placed there whom its figures do not have yet. */
export function candidateOf(
  { nodeId, status }: Living<MediaNodeStatus>,
  { ahead, reach }: { ahead: number; reach: Reach },
): Candidate {
  const before = count(status.sessions);
  const sessions = before + ahead;
  const atMost = count(status.sessionsAtMost) || Number.POSITIVE_INFINITY;
  let scarcest: Resource = 'sessions';
  let load = sessions / (Number.isFinite(atMost) ? atMost : nominalSessions);
  for (const [resource, used] of shares(status)) {
    const each = before < tellingSessions ? nominalShare : Math.max(nominalShare, used / before);
    const share = used + ahead * each;
    if (share <= load) continue;
    load = share;
    scarcest = resource;
  }
  const candidate = {
    nodeId,
    region: status.region ?? '',
    sessions,
    load,
    scarcest,
    atLimit: sessions >= atMost,
    drained: status.drain !== undefined,
    reach,
  };
  return { ...candidate, rank: rankOf(candidate) };
}

function rankOf({ load, scarcest, atLimit, drained, reach }: Omit<Candidate, 'rank'>): Rank {
  if (drained) return rank.drained;
  if (reach !== 'good') return rank.unreached;
  // Their number alone is no load: below its limit a node is as good as empty.
  const share = scarcest === 'sessions' ? 0 : load;
  if (atLimit || share >= fullFrom) return rank.full;
  return share >= busyFrom ? rank.busy : rank.good;
}

/** Why somebody could not be placed there. */
export function shortcoming(candidate: Candidate): string {
  const { sessions, atLimit, drained, reach } = candidate;
  if (drained) return 'it is drained';
  if (reach !== 'good') return 'clients do not get through to it';
  if (atLimit) return `${sessions} sessions are as many as it may have`;
  return use(candidate);
}

/** How much it has to do, in words. */
export function use({ load, scarcest, sessions }: Candidate): string {
  return scarcest === 'sessions' ? `${sessions} sessions` : `${Math.round(load * 100)} % of its ${scarcest}`;
}

/** Another version's node may say what we cannot read. */
export function reachCounts({ reach }: Partial<MediaNodeStatus>): ReachCounts {
  return { tried: count(reach?.tried), failed: count(reach?.failed), byTcp: count(reach?.byTcp) };
}

/** Of each resource that it tells of the share in use. */
export function shares({ use, busy }: Partial<MediaNodeStatus>): [Resource, number][] {
  const told = Object.entries(use ?? {}) as [Resource, number][];
  return [
    ['cpu', count(busy)],
    ...told.map(([resource, share]) => [resource, count(share)] as [Resource, number]),
  ];
}

function count(value: unknown): number {
  return Number(value) || 0;
}
