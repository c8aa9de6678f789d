import type { MediaFile, MediaFrame } from './media-file.ts';
import { type PacketFields, PacketWriter, type WriterOptions } from './packet-writer.ts';
import type { ReportBlock, RtcpPacket } from './rtcp.ts';
import { SentPackets } from './sent-packets.ts';
import { compactNtp, ntpFraction, ntpSeconds, wallClockMs } from './wall-clock.ts';

export type SenderStatistics = {
  packets: number;
  /** Payload bytes, first transmissions only. */
  bytes: number;
  frames: number;
  keyFrames: number;
  retransmitted: number;
  /** Packets asked for that were too old or had just been sent again. */
  notRetransmitted: number;
  nacks: number;
  keyFrameRequests: number;
  /** Of the last report about this stream; 0 to 1. */
  fractionLost: number;
  rttMs: number | undefined;
};

export type RtpSenderOptions = Omit<WriterOptions, 'codec'> & {
  file: MediaFile;
  ssrc: number;
  payloadType: number;
  rtx?: { ssrc: number; payloadType: number } | undefined;
  /** Hands a packet to the network; it must copy it. False when the network did not take it. */
  send: (packet: Buffer) => boolean;
  nextTransportSequence: () => number;
  /** Where in the file to begin: at the next key frame after this. */
  firstFrameIndex?: number;
};

const resendGapMs = 10;

/** One RTP stream made of a prepared file: first transmissions, repetitions, and what to report about them. */
export class RtpSender {
  readonly ssrc: number;
  readonly statistics: SenderStatistics = {
    packets: 0,
    bytes: 0,
    frames: 0,
    keyFrames: 0,
    retransmitted: 0,
    notRetransmitted: 0,
    nacks: 0,
    keyFrameRequests: 0,
    fractionLost: 0,
    rttMs: undefined,
  };
  readonly #options: RtpSenderOptions;
  readonly #file: MediaFile;
  readonly #writer: PacketWriter;
  readonly #sent: SentPackets | undefined;
  readonly #fields: PacketFields;
  #frame: MediaFrame | undefined;
  #frameIndex = 0;
  #nextFrameIndex = 0;
  #fragmentIndex = 0;
  #rtxSequenceNumber = Math.floor(Math.random() * 0x8000);
  #keyFrameWanted = true;

  constructor(options: RtpSenderOptions) {
    this.#options = options;
    this.#file = options.file;
    this.ssrc = options.ssrc;
    this.#writer = new PacketWriter({ ...options, codec: options.file.codec });
    this.#sent = options.rtx ? new SentPackets() : undefined;
    this.#fields = {
      marker: false,
      payloadType: options.payloadType,
      sequenceNumber: Math.floor(Math.random() * 0x8000), // Low: no early wrap-around confuses the SRTP of the other side.
      timestamp: 0,
      ssrc: options.ssrc,
      pictureId: Math.floor(Math.random() * 0x8000),
      capturedAtMs: 0,
      originalSequenceNumber: undefined,
    };
    this.#nextFrameIndex = (options.firstFrameIndex ?? 0) % this.#file.frames.length;
  }

  setAudioLevel(dbov: number): void {
    this.#writer.setAudioLevel(dbov);
  }

  /** The next frame is a key frame: from the next one of the file on. */
  requestKeyFrame(): void {
    this.#keyFrameWanted = true;
  }

  /** Takes up the next frame; what remained of the last one goes out first. */
  beginFrame(timestamp: number, nowMs: number): void {
    this.sendFragments(Number.POSITIVE_INFINITY, nowMs);
    let index = this.#nextFrameIndex;
    if (this.#keyFrameWanted) index = this.#file.keyFrameAtOrAfter[index]!;
    this.#keyFrameWanted = false;
    this.#frame = this.#file.frames[index]!;
    this.#frameIndex = index;
    this.#nextFrameIndex = (index + 1) % this.#file.frames.length;
    this.#fragmentIndex = 0;
    const fields = this.#fields;
    fields.timestamp = timestamp;
    fields.marker = this.#file.kind === 'audio' && this.statistics.frames === 0; // A talk spurt begins.
    fields.pictureId = (fields.pictureId + 1) & 0x7fff;
    fields.capturedAtMs = wallClockMs(nowMs);
    this.statistics.frames += 1;
    if (this.#frame.keyFrame) this.statistics.keyFrames += 1;
  }

  /** Sends at most `limit` packets of the frame; true when the frame is through. */
  sendFragments(limit: number, nowMs: number): boolean {
    const frame = this.#frame;
    if (!frame) return true;
    const video = this.#file.kind === 'video';
    const { fragments } = frame;
    const end = Math.min(fragments.length, this.#fragmentIndex + limit);
    const sentAtMs = wallClockMs(nowMs);
    const fields = this.#fields;
    for (; this.#fragmentIndex < end; this.#fragmentIndex++) {
      const fragment = fragments[this.#fragmentIndex]!;
      if (video) fields.marker = this.#fragmentIndex === fragments.length - 1;
      fields.sequenceNumber = (fields.sequenceNumber + 1) & 0xffff;
      this.#sent?.add({
        sequenceNumber: fields.sequenceNumber,
        timestamp: fields.timestamp,
        frameIndex: this.#frameIndex,
        fragmentIndex: this.#fragmentIndex,
        pictureId: fields.pictureId,
      });
      this.#transmit(fields, fragment, sentAtMs);
      this.statistics.packets += 1;
      this.statistics.bytes += fragment.head.length + fragment.body.length;
    }
    if (this.#fragmentIndex < fragments.length) return false;
    this.#frame = undefined;
    return true;
  }

  /** Sends again what can be. */
  receiveNack(sequenceNumbers: readonly number[], nowMs: number): void {
    this.statistics.nacks += 1;
    for (const sequenceNumber of sequenceNumbers) {
      const packet = this.#sent?.takeForResending(sequenceNumber, nowMs, resendGapMs);
      const rtx = this.#options.rtx;
      if (!packet || !rtx) {
        this.statistics.notRetransmitted += 1;
        continue;
      }
      const { fragments } = this.#file.frames[packet.frameIndex]!;
      const age = (this.#fields.timestamp - packet.timestamp) | 0;
      this.#rtxSequenceNumber = (this.#rtxSequenceNumber + 1) & 0xffff;
      const fields: PacketFields = {
        marker: packet.fragmentIndex === fragments.length - 1,
        payloadType: rtx.payloadType,
        sequenceNumber: this.#rtxSequenceNumber,
        timestamp: packet.timestamp,
        ssrc: rtx.ssrc,
        pictureId: packet.pictureId,
        capturedAtMs: this.#fields.capturedAtMs - (age / this.#file.clockRate) * 1000,
        originalSequenceNumber: packet.sequenceNumber,
      };
      this.#transmit(fields, fragments[packet.fragmentIndex]!, wallClockMs(nowMs));
      this.statistics.retransmitted += 1;
    }
  }

  receiveKeyFrameRequest(): void {
    this.statistics.keyFrameRequests += 1;
    this.requestKeyFrame();
  }

  receiveReport(report: ReportBlock, nowMs: number): void {
    this.statistics.fractionLost = report.fractionLost / 256;
    if (report.lastSenderReport === 0) return;
    const unixMs = wallClockMs(nowMs);
    const now = compactNtp(ntpSeconds(unixMs), ntpFraction(unixMs));
    const rtt = (now - report.lastSenderReport - report.delaySinceLastSenderReport) | 0; // 1/65536 s.
    this.statistics.rttMs = Math.max(0, rtt / 65.536);
  }

  /** A sender report for this moment; undefined before the first frame. */
  report(nowMs: number): RtcpPacket | undefined {
    if (this.statistics.frames === 0) return undefined;
    const unixMs = wallClockMs(nowMs);
    const elapsed = ((unixMs - this.#fields.capturedAtMs) / 1000) * this.#file.clockRate;
    return {
      type: 'senderReport',
      ssrc: this.ssrc,
      ntpSeconds: ntpSeconds(unixMs),
      ntpFraction: ntpFraction(unixMs),
      rtpTimestamp: (this.#fields.timestamp + Math.round(elapsed)) >>> 0,
      packetCount: this.statistics.packets,
      octetCount: this.statistics.bytes >>> 0,
      reports: [],
    };
  }

  #transmit(fields: PacketFields, fragment: MediaFrame['fragments'][number], sentAtMs: number): void {
    const sequence = this.#writer.hasTransportSequence ? this.#options.nextTransportSequence() : 0;
    this.#options.send(this.#writer.write(fields, fragment, sentAtMs, sequence));
  }
}
