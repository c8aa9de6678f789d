// A process of its own with the network side of many peers: connections, what they send and what they receive.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { PeerTransport, type RtpReceiver, type SendTrack } from '@weir/peer';
import type { Direction, RtpParameters, TransportParameters } from '@weir/protocol';
import { serveParent } from '../measure/child.ts';
import { quantile } from '../measure/quantile.ts';
import { steadyMedia } from './steady-media.ts';

const delaysAtMost = 1_000_000;
const lagResolutionMs = 2;

const transports = new Map<string, PeerTransport>();
const tracks: SendTrack[] = [];
const receivers: RtpReceiver[] = [];
const delaysMs: number[] = [];
const lag = monitorEventLoopDelay({ resolution: lagResolutionMs });
let notesDelays = false;

function transport(id: string): PeerTransport {
  const found = transports.get(id);
  if (!found) throw new Error(`no transport ${id}`);
  return found;
}

const handlers = {
  open({ parameters, direction }: { parameters: TransportParameters; direction: Direction }) {
    const made = new PeerTransport({ parameters, direction, dataChannels: false });
    transports.set(parameters.id, made);
    return made.dtlsParameters;
  },

  async connect({ id }: { id: string }) {
    await transport(id).connect();
  },

  addTrack({ id, packetsPerSecond }: { id: string; packetsPerSecond: number }) {
    const track = transport(id).addSendTrack({ layers: [steadyMedia(packetsPerSecond)] });
    return { trackIndex: tracks.push(track) - 1, rtpParameters: track.rtpParameters };
  },

  startTrack({ trackIndex }: { trackIndex: number }) {
    tracks[trackIndex]?.start();
  },

  addReceivers({ id, rtpParameters }: { id: string; rtpParameters: RtpParameters[] }) {
    for (const parameters of rtpParameters) {
      const receiver = transport(id).addReceiver(parameters);
      receiver.onFrame = ({ delayMs }) => {
        if (notesDelays && delayMs !== undefined && delaysMs.length < delaysAtMost) delaysMs.push(delayMs);
      };
      receivers.push(receiver);
    }
  },

  /** From now on delays are noted; what was before is forgotten. */
  begin() {
    delaysMs.length = 0;
    notesDelays = true;
    lag.enable();
    lag.reset();
  },

  /** What the peers have seen so far. */
  count() {
    const statistics = [...transports.values()].map((one) => one.statistics);
    const sum = (of: (one: (typeof statistics)[number]) => number) =>
      statistics.reduce((n, one) => n + of(one), 0);
    return {
      atMs: performance.now(),
      /** To compare with other processes: what their wall clocks differ by. */
      clockOffsetMs: performance.timeOrigin + performance.now() - Number(process.hrtime.bigint()) / 1e6,
      received: sum((one) => one.packetsReceived),
      sent: sum((one) => one.packetsSent - one.rtcpSent),
      refused: sum((one) => one.packetsRefused),
      lost: receivers.reduce((n, one) => n + one.statistics.lost, 0),
      framesSkipped: tracks.reduce((n, one) => n + one.framesSkipped, 0),
      receivers: receivers.length,
      live: receivers.filter((one) => one.statistics.frames > 0).length,
    };
  },

  takeDelays() {
    notesDelays = false;
    lag.disable();
    const lagMs = Math.max(0, lag.percentile(99) / 1e6 - lagResolutionMs);
    return {
      count: delaysMs.length,
      p50: quantile(delaysMs, 0.5),
      p99: quantile(delaysMs, 0.99),
      lagP99Ms: lagMs,
    };
  },
};

export type PeersProcess = typeof handlers;

serveParent(handlers, async () => {
  for (const one of transports.values()) one.close();
});
