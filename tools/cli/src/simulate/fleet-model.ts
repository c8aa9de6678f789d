import type { Living, MediaNodeStatus } from '@weir/cluster';

/** Of a stream as it goes to a viewer, and of a whole video with all its layers between nodes. */
export const streams = {
  video: { bps: 500_000, packets: 60 },
  audio: { bps: 32_000, packets: 50 },
  piped: { bps: 900_000, packets: 110 },
};

/** What a media node carries: sixteen cores at 40,000 packets a second each, and 8 Gbit/s. */
export const nodeLimits = { packets: 640_000, egressBps: 8_000_000_000 };

export type Traffic = { bps: number; packets: number };

/** A media node that stands for a machine. */
export class ModelNode {
  readonly nodeId: string;
  readonly region: string;
  readonly startedAt: number;
  /** When its lease runs out although it is dead; undefined: it lives. */
  leaseEndsAt: number | undefined;
  drain: { since: number; deadlineAt: number } | undefined;
  sessions = 0;
  bps = 0;
  packets = 0;

  constructor(nodeId: string, region: string, startedAt: number) {
    this.nodeId = nodeId;
    this.region = region;
    this.startedAt = startedAt;
  }

  get isDead(): boolean {
    return this.leaseEndsAt !== undefined;
  }

  /** Of what is scarcest. */
  get share(): number {
    return Math.max(this.packets / nodeLimits.packets, this.bps / nodeLimits.egressBps);
  }

  add({ bps, packets }: Traffic, times = 1): void {
    this.bps += bps * times;
    this.packets += packets * times;
  }

  /** As it tells the fleet. */
  tell(): Living<MediaNodeStatus> {
    const cpu = this.packets / nodeLimits.packets;
    const use = { cpu, egress: this.bps / nodeLimits.egressBps };
    return {
      nodeId: this.nodeId,
      status: {
        region: this.region,
        sessions: this.sessions,
        busy: Math.min(1, cpu),
        use,
        ...(this.drain ? { drain: this.drain } : {}),
      },
    };
  }
}
