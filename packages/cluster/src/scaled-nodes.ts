import { shares } from './candidates.ts';
import type { Drain } from './drain.ts';
import type { Leases } from './leases.ts';
import { type Living, type MediaNodeStatus, mediaNodes, type RelayStatus, relays } from './nodes.ts';

/** A node as whoever decides on their number sees it. */
export type ScaledNode = {
  nodeId: string;
  /** The share of its scarcest resource, 0 to 1 and above; of one that says nothing 0. */
  load: number;
  /** How many would have to go elsewhere. */
  left: number;
  drain: Drain | undefined;
  /** When the time to leave is over it may be stopped with clients on it: they find another by themselves. */
  endsAtDeadline: boolean;
};

/** The roles whose number of nodes follows their load. */
export type ScaledRole = 'media' | 'relay';

/** Those of a region that live. */
export async function scaledNodes(leases: Leases, role: ScaledRole, region: string): Promise<ScaledNode[]> {
  const nodes =
    role === 'media' ? (await mediaNodes(leases)).map(mediaScaled) : (await relays(leases)).map(relayScaled);
  return nodes.filter((node) => node.region === region);
}

type Scaled = ScaledNode & { region: string | undefined };

export function mediaScaled({ nodeId, status }: Living<MediaNodeStatus>): Scaled {
  const { sessions = 0, sessionsAtMost, region, drain } = status;
  const bySessions = sessionsAtMost ? sessions / sessionsAtMost : 0;
  const load = Math.max(bySessions, ...shares(status).map(([, share]) => share));
  return { nodeId, region, load, left: sessions, drain, endsAtDeadline: false };
}

/** A relay without its coturn has no room for anybody. */
export function relayScaled({ nodeId, status }: Living<RelayStatus>): Scaled {
  const { allocations = 0, allocationsAtMost, region, drain, working } = status;
  const load = working === false ? 1 : allocationsAtMost ? allocations / allocationsAtMost : 0;
  return { nodeId, region, load, left: allocations, drain, endsAtDeadline: true };
}
