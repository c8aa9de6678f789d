import { Emitter, Lifetime, PlatformError, withDeadline } from '@weir/core';
import type {
  Direction,
  DtlsParameters,
  RtpParameters,
  SctpStreamParameters,
  TransportParameters,
} from '@weir/protocol';
import { type DataChannel, PeerConnection, type Track, Video } from 'node-datachannel';
import { ArrivalFeedback } from './arrival-feedback.ts';
import { PeerDataChannel } from './peer-data-channel.ts';
import { mediaMid, remoteDescription } from './remote-description.ts';
import { buildRtcp, parseRtcp, type RtcpPacket, reportsPerPacket } from './rtcp.ts';
import { extensionUris } from './rtp-capabilities.ts';
import { findExtension, isRtcp, newRtpHeader, parseRtp, type RtpHeader, readUint16 } from './rtp-packet.ts';
import { RtpReceiver } from './rtp-receiver.ts';
import type { RtpSender } from './rtp-sender.ts';
import { schedule } from './schedule.ts';
import { SendTrack, type SendTrackOptions } from './send-track.ts';

const reportEveryMs = 1000;
const firstReportMs = 100;
const feedbackEveryMs = 100;
/** The library's last stream number: its channel only keeps the line for data channels in the description. */
const unusedStream = 1023;
/** Sender reports in one compound packet: 52 bytes each. */
const sendReportsPerPacket = 20;

export type PeerTransportOptions = {
  parameters: TransportParameters;
  direction: Direction;
  /** The local address to send from; by default any. */
  bindAddress?: string;
  /** Whether data channels can be opened on it (default true); without them it is cheaper. */
  dataChannels?: boolean;
  /** A lossy network for tests: a packet for which it says true gets lost. Packets sent must be read at once. */
  losesPacket?: (packet: Buffer, way: 'sent' | 'received') => boolean;
};

export type PeerTransportEvents = { connected: []; closed: [] };

export type TransportStatistics = {
  packetsSent: number;
  /** Packets that could not be handed to the network. */
  packetsRefused: number;
  packetsReceived: number;
  rtcpSent: number;
  rtcpReceived: number;
  /** Packets of streams that nobody receives (any more). */
  unknownStream: number;
  /** The server's last word on how much it can take, when it says so. */
  estimatedBps: number | undefined;
};

/**
 * One connection to the server (engine: a WebRtcTransport): ICE, DTLS, SRTP, and data channels when there are some. All
 * tracks share one media line, told apart by SSRC, so adding and removing them costs no negotiation.
 */
export class PeerTransport extends Lifetime {
  readonly id: string;
  readonly direction: Direction;
  readonly events: Emitter<PeerTransportEvents> = new Emitter<PeerTransportEvents>();
  /** What the server must know before `connect`. */
  readonly dtlsParameters: DtlsParameters;
  readonly statistics: TransportStatistics = {
    packetsSent: 0,
    packetsRefused: 0,
    packetsReceived: 0,
    rtcpSent: 0,
    rtcpReceived: 0,
    unknownStream: 0,
    estimatedBps: undefined,
  };
  readonly #parameters: TransportParameters;
  readonly #losesPacket: PeerTransportOptions['losesPacket'];
  readonly #connection: PeerConnection;
  readonly #track: Track;
  readonly #dataLine: DataChannel | undefined;
  readonly #ssrc = 1 + Math.floor(Math.random() * 0xfffffffe);
  readonly #cname = Math.random().toString(36).slice(2, 14);
  readonly #header = newRtpHeader();
  readonly #sendTracks = new Set<SendTrack>();
  readonly #senders = new Map<number, RtpSender>();
  readonly #receivers = new Map<number, RtpReceiver>();
  readonly #repairReceivers = new Map<number, RtpReceiver>();
  readonly #arrivals = new ArrivalFeedback(this.#ssrc);
  #transportSequenceId = 0;
  #stopFeedback: (() => void) | undefined;
  #mids = 0;
  #transportSequence = 0;
  #connected = false;
  #connecting = false;

  constructor(options: PeerTransportOptions) {
    super();
    const { parameters, direction, bindAddress, dataChannels = true, losesPacket } = options;
    this.id = parameters.id;
    this.direction = direction;
    this.#parameters = parameters;
    this.#losesPacket = losesPacket;
    this.#connection = new PeerConnection(parameters.id, {
      iceServers: [],
      disableAutoNegotiation: true,
      maxMessageSize: parameters.sctpParameters.maxMessageSize,
      ...(bindAddress === undefined ? {} : { bindAddress }),
    });
    const line = new Video(mediaMid, 'SendRecv');
    line.addVP8Codec(96);
    this.#track = this.#connection.addTrack(line);
    this.#listen();
    // The association must be there from the beginning: begun later, the library waits for itself forever.
    if (dataChannels)
      this.#dataLine = this.#connection.createDataChannel('', { negotiated: true, id: unusedStream });
    this.#connection.setLocalDescription('offer');
    this.dtlsParameters = { role: 'client', fingerprints: [readFingerprint(this.#localSdp())] };
    this.onClose(() => this.#release());
  }

  /** True from the first connection on, until closed. */
  get connected(): boolean {
    return this.#connected && !this.closed;
  }

  /** The address pair in use, for diagnosis. */
  get remoteAddress(): string | undefined {
    const pair = this.closed ? null : this.#connection.getSelectedCandidatePair();
    return pair ? `${pair.remote.address}:${pair.remote.port}` : undefined;
  }

  /** Runs ICE and DTLS. The server must have `dtlsParameters` by then: what it can't read costs a second. */
  async connect(timeoutMs = 10_000): Promise<void> {
    if (this.closed) throw new PlatformError('wrong-state', `transport ${this.id} is closed`);
    if (this.#connected) return;
    const connected = new Promise<void>((resolve) => this.events.once('connected', resolve, this.signal));
    if (!this.#connecting) {
      this.#connecting = true;
      const dataMid = this.#dataLine ? readDataMid(this.#localSdp()) : undefined;
      this.#connection.setRemoteDescription(remoteDescription(this.#parameters, dataMid), 'answer');
    }
    try {
      await withDeadline(connected, timeoutMs, `connection of transport ${this.id}`, this.signal);
    } catch (error) {
      if (this.closeReason !== 'lost') throw error;
      throw new PlatformError('connection-lost', `transport ${this.id} found no way`, { cause: error });
    }
  }

  /** A track to send: announce its `rtpParameters`, then `start` it. It closes with the transport. */
  addSendTrack(options: Omit<SendTrackOptions, 'mid' | 'cname'>): SendTrack {
    const named = { ...options, mid: `${this.#mids++}`, cname: this.#cname };
    const track = new SendTrack(named, {
      send: (packet) => this.#send(packet),
      nextTransportSequence: () => {
        this.#transportSequence = (this.#transportSequence + 1) & 0xffff;
        return this.#transportSequence;
      },
    });
    this.#sendTracks.add(track);
    for (const sender of track.senders) this.#senders.set(sender.ssrc, sender);
    track.onClose(() => {
      this.#sendTracks.delete(track);
      for (const sender of track.senders) this.#senders.delete(sender.ssrc);
    });
    return this.own(track);
  }

  /** Receives a subscription's stream from now on. It closes with the transport. */
  addReceiver(rtpParameters: RtpParameters): RtpReceiver {
    const receiver = new RtpReceiver(rtpParameters, this.#ssrc, (packets) => this.#sendRtcp(packets));
    const sequence = rtpParameters.headerExtensions?.find(
      ({ uri }) => uri === extensionUris.transportSequence,
    );
    this.#transportSequenceId ||= sequence?.id ?? 0;
    this.#receivers.set(receiver.ssrc, receiver);
    if (receiver.rtxSsrc !== undefined) this.#repairReceivers.set(receiver.rtxSsrc, receiver);
    receiver.onClose(() => {
      this.#receivers.delete(receiver.ssrc);
      if (receiver.rtxSsrc !== undefined) this.#repairReceivers.delete(receiver.rtxSsrc);
    });
    return this.own(receiver);
  }

  /** A data channel on the given stream, for sending or receiving. It closes with the transport. */
  openDataChannel(parameters: SctpStreamParameters): PeerDataChannel {
    if (!this.#dataLine || this.closed || parameters.streamId >= unusedStream) {
      throw new PlatformError(
        'wrong-state',
        `transport ${this.id} has no data stream ${parameters.streamId}`,
      );
    }
    const { streamId, ordered, maxPacketLifeTime, maxRetransmits } = parameters;
    const channel = this.#connection.createDataChannel(`${streamId}`, {
      negotiated: true,
      id: streamId,
      unordered: !(ordered ?? (maxPacketLifeTime === undefined && maxRetransmits === undefined)),
      ...(maxPacketLifeTime === undefined ? {} : { maxPacketLifeTime }),
      ...(maxRetransmits === undefined ? {} : { maxRetransmits }),
    });
    return this.own(new PeerDataChannel(channel, parameters));
  }

  #listen(): void {
    this.#connection.onStateChange((state) => {
      if (state === 'failed' || state === 'disconnected' || state === 'closed') this.close('lost');
    });
    this.#track.onMessage((packet) => this.#receive(packet)); // Without it packets would pile up.
    this.#track.onClosed(() => this.close('lost'));
    this.#track.onOpen(() => {
      if (this.closed) return;
      this.#connected = true;
      const stop = schedule.start(performance.now() + firstReportMs, (nowMs) => this.#report(nowMs));
      this.onClose(stop);
      this.events.emit('connected');
    });
  }

  #localSdp(): string {
    const description = this.#connection.localDescription();
    if (!description) throw new PlatformError('internal', 'the connection has no local description');
    return description.sdp;
  }

  #send(packet: Buffer): boolean {
    if (!this.connected) return false;
    if (this.#losesPacket?.(packet, 'sent')) return true;
    let sent = false;
    try {
      sent = this.#track.sendMessageBinary(packet);
    } catch {
      // It closed a moment ago and will say so.
    }
    if (sent) this.statistics.packetsSent += 1;
    else this.statistics.packetsRefused += 1;
    return sent;
  }

  #sendRtcp(packets: readonly RtcpPacket[]): void {
    if (packets.length > 0 && this.#send(buildRtcp(packets))) this.statistics.rtcpSent += 1;
  }

  #receive(packet: Buffer): void {
    if (this.closed || this.#losesPacket?.(packet, 'received')) return;
    const nowMs = performance.now();
    if (isRtcp(packet)) {
      this.statistics.rtcpReceived += 1;
      for (const part of parseRtcp(packet)) this.#receiveRtcp(part, nowMs);
      return;
    }
    const header = this.#header;
    if (!parseRtp(packet, header)) return;
    this.statistics.packetsReceived += 1;
    if (this.#transportSequenceId > 0) this.#noteArrival(packet, header, nowMs);
    const receiver = this.#receivers.get(header.ssrc);
    if (receiver) {
      receiver.receive(packet, header, nowMs);
      return;
    }
    const repaired = this.#repairReceivers.get(header.ssrc);
    if (repaired) repaired.receiveRtx(packet, header, nowMs);
    else this.statistics.unknownStream += 1;
  }

  #noteArrival(packet: Buffer, header: RtpHeader, nowMs: number): void {
    const at = findExtension(packet, header, this.#transportSequenceId);
    if (at < 0) return;
    this.#arrivals.received(readUint16(packet, at), nowMs);
    this.#stopFeedback ??= schedule.start(nowMs + feedbackEveryMs, (atMs) => {
      const feedback = this.#arrivals.take(header.ssrc);
      if (feedback && this.#send(feedback)) this.statistics.rtcpSent += 1;
      if (this.#arrivals.pending) return atMs + 1;
      if (feedback) return atMs + feedbackEveryMs;
      this.#stopFeedback = undefined; // Silence: the next packet starts it again.
      return undefined;
    });
  }

  #receiveRtcp(packet: RtcpPacket, nowMs: number): void {
    switch (packet.type) {
      case 'senderReport':
        this.#receivers.get(packet.ssrc)?.receiveSenderReport(packet.ntpSeconds, packet.ntpFraction, nowMs);
        break;
      case 'receiverReport':
        for (const report of packet.reports) this.#senders.get(report.ssrc)?.receiveReport(report, nowMs);
        break;
      case 'nack':
        this.#senders.get(packet.mediaSsrc)?.receiveNack(packet.sequenceNumbers, nowMs);
        break;
      case 'pictureLoss':
        this.#senders.get(packet.mediaSsrc)?.receiveKeyFrameRequest();
        break;
      case 'fullIntraRequest':
        this.#senders.get(packet.ssrc)?.receiveKeyFrameRequest();
        break;
      case 'bitrateEstimate':
        this.statistics.estimatedBps = packet.bitrateBps;
    }
  }

  #report(nowMs: number): number {
    const sent = [...this.#sendTracks].flatMap((track) => track.reports(nowMs));
    for (let at = 0; at < sent.length; at += sendReportsPerPacket) {
      this.#sendRtcp(sent.slice(at, at + sendReportsPerPacket));
    }
    const blocks = [...this.#receivers.values()].flatMap((receiver) => receiver.takeReport(nowMs) ?? []);
    for (let at = 0; at < blocks.length; at += reportsPerPacket) {
      const reports = blocks.slice(at, at + reportsPerPacket);
      this.#sendRtcp([{ type: 'receiverReport', ssrc: this.#ssrc, reports }]);
    }
    return nowMs + reportEveryMs;
  }

  #release(): void {
    this.#stopFeedback?.();
    this.#dataLine?.close();
    this.#track.close(); // All, and in this order: each holds callbacks that only its own closing frees.
    this.#connection.close();
    this.events.emit('closed');
  }
}

function readFingerprint(sdp: string): DtlsParameters['fingerprints'][number] {
  const value = /^a=fingerprint:sha-256 (\S+)/im.exec(sdp)?.[1];
  if (value === undefined) throw new PlatformError('internal', 'the connection has no SHA-256 fingerprint');
  return { algorithm: 'sha-256', value };
}

function readDataMid(sdp: string): string | undefined {
  const application = sdp.slice(sdp.indexOf('m=application'));
  return /^a=mid:(\S+)/m.exec(application)?.[1];
}
