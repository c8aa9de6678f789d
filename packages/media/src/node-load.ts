/** How much a node is meant to carry; absent: as much as its processors do. */
export type NodeLimits = {
  /** To clients and to other nodes. */
  egressBps?: number;
  /** In and out of the machine, over UDP. */
  packetsPerSecond?: number;
  /** Streams to clients, and between workers. */
  consumers?: number;
};

export type NodeUse = Required<NodeLimits>;

/** Of each limit the share that is used, 0 to 1 and above. */
export type LimitShares = { cpu: number; egress?: number; packets?: number; consumers?: number };

/** `busy`: of the busiest worker's core, 0 to 1. */
export type NodeLoad = NodeUse & { sessions: number; streams: number; busy: number; use: LimitShares };

export function shares(busy: number, used: NodeUse, limits: NodeLimits): LimitShares {
  const of = (limit: keyof NodeLimits) => rounded(used[limit] / limits[limit]!);
  return {
    cpu: rounded(busy),
    ...(limits.egressBps ? { egress: of('egressBps') } : {}),
    ...(limits.packetsPerSecond ? { packets: of('packetsPerSecond') } : {}),
    ...(limits.consumers ? { consumers: of('consumers') } : {}),
  };
}

/** That of the scarcest. */
export function highest(use: LimitShares): number {
  return Math.max(...Object.values(use));
}

/** It is told each second, to all. */
function rounded(share: number): number {
  return Math.round(share * 1_000) / 1_000;
}
