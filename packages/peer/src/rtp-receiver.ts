import { Lifetime } from '@weir/core';
import type { RtpParameters } from '@weir/protocol';
import { type AssembledFrame, FrameAssembler } from './frame-assembler.ts';
import { MissingPackets } from './missing-packets.ts';
import { keyFrameStart, type PayloadReader, readH264, readVp8, vp8Resolution } from './payload-kind.ts';
import { ReceptionReport } from './reception-report.ts';
import type { ReportBlock, RtcpPacket } from './rtcp.ts';
import { extensionUris } from './rtp-capabilities.ts';
import { extendSequence, findExtension, type RtpHeader, readUint16, readUint32 } from './rtp-packet.ts';
import { schedule } from './schedule.ts';
import { unixMsFromNtp, wallClockMs } from './wall-clock.ts';

/** A gap between frames that a viewer notices. */
const freezeMs = 500;
/** How often missing packets are looked after while there are some, and key frames are asked for. */
const repairTickMs = 10;
const keyFrameRetryMs = 500;

/** A whole frame; the object is used again for the next one. */
export type ReceivedFrame = AssembledFrame & {
  /** By `performance.now()`. */
  completedAtMs: number;
  /** From capture to here, when the sender stamps it and runs on the same clock. */
  delayMs: number | undefined;
};

export type ReceiverStatistics = {
  packets: number;
  /** Payload bytes. */
  bytes: number;
  /** Missing for good so far. */
  lost: number;
  duplicates: number;
  /** Missed, then got by retransmission. */
  repaired: number;
  nacks: number;
  keyFrameRequests: number;
  jitterMs: number;
  /** Decodable video frames; packets of audio. */
  frames: number;
  keyFrames: number;
  framesDropped: number;
  freezes: number;
  frozenMs: number;
  longestGapMs: number;
  /** From the receiver's making to its first frame. */
  firstFrameMs: number | undefined;
  lastFrameAtMs: number | undefined;
  /** Of the last VP8 key frame. */
  width: number;
  height: number;
  /** One-way delay of the first packet of each frame. */
  delay: { count: number; meanMs: number; maxMs: number };
};

/** Feedback for a stream: the transport sends it. */
export type SendRtcp = (packets: RtcpPacket[]) => void;

/** One received stream: what came, what is missing, and what of it could be shown. */
export class RtpReceiver extends Lifetime {
  readonly kind: 'audio' | 'video';
  readonly ssrc: number;
  readonly rtxSsrc: number | undefined;
  /** Called for each whole frame (of audio: each packet). */
  onFrame: ((frame: ReceivedFrame) => void) | undefined;
  readonly #sendRtcp: SendRtcp;
  readonly #senderSsrc: number;
  readonly #read: PayloadReader | undefined;
  readonly #report: ReceptionReport;
  readonly #missing: MissingPackets | undefined;
  readonly #assembler: FrameAssembler | undefined;
  readonly #captureTimeId: number;
  readonly #startMs = performance.now();
  readonly #statistics: Omit<ReceiverStatistics, 'lost' | 'jitterMs' | 'framesDropped' | 'delay'>;
  readonly #frame: ReceivedFrame;
  #highest = -1;
  #delayTimestamp = -1;
  #delayMs: number | undefined;
  #delayCount = 0;
  #delaySumMs = 0;
  #delayMaxMs = 0;
  #nowMs = 0;
  #keyFrameAskedMs = Number.NEGATIVE_INFINITY;
  #stopRepair: (() => void) | undefined;

  /** `senderSsrc` names us in our reports. */
  constructor(rtpParameters: RtpParameters, senderSsrc: number, sendRtcp: SendRtcp) {
    super();
    const codec = rtpParameters.codecs[0]!;
    const [encoding] = rtpParameters.encodings ?? [];
    const mimeType = codec.mimeType.toLowerCase();
    this.kind = mimeType.startsWith('audio/') ? 'audio' : 'video';
    this.ssrc = encoding?.ssrc ?? 0;
    this.rtxSsrc = encoding?.rtx?.ssrc;
    this.#senderSsrc = senderSsrc;
    this.#sendRtcp = sendRtcp;
    this.#read = mimeType === 'video/vp8' ? readVp8 : mimeType === 'video/h264' ? readH264 : undefined;
    this.#report = new ReceptionReport(this.ssrc, codec.clockRate);
    const repairs = codec.rtcpFeedback?.some(({ type, parameter }) => type === 'nack' && !parameter);
    this.#missing = repairs ? new MissingPackets() : undefined;
    if (this.kind === 'video') {
      this.#assembler = new FrameAssembler(this.#read !== undefined, (frame) => this.#completed(frame));
    }
    const { headerExtensions = [] } = rtpParameters;
    this.#captureTimeId = headerExtensions.find(({ uri }) => uri === extensionUris.absCaptureTime)?.id ?? 0;
    this.#statistics = newStatistics();
    this.#frame = {
      timestamp: 0,
      keyFrame: false,
      packets: 0,
      bytes: 0,
      completedAtMs: 0,
      delayMs: undefined,
    };
    this.onClose(() => this.#stopRepair?.());
  }

  get statistics(): ReceiverStatistics {
    return {
      ...this.#statistics,
      lost: this.#report.lost,
      jitterMs: this.#report.jitterMs,
      framesDropped: this.#assembler?.dropped ?? 0,
      delay: {
        count: this.#delayCount,
        meanMs: this.#delayCount > 0 ? this.#delaySumMs / this.#delayCount : 0,
        maxMs: this.#delayMaxMs,
      },
    };
  }

  /** True when frames came and then none for so long that a viewer would notice. */
  isFrozen(nowMs = performance.now()): boolean {
    const { lastFrameAtMs } = this.#statistics;
    return lastFrameAtMs !== undefined && nowMs - lastFrameAtMs > freezeMs;
  }

  /** The coming gap is wanted (a pause, a mute): it counts as no freeze. */
  expectGap(): void {
    this.#statistics.lastFrameAtMs = undefined;
  }

  /** Takes a packet of the stream itself. */
  receive(packet: Uint8Array, header: RtpHeader, nowMs: number): void {
    const sequence = this.#extend(header.sequenceNumber);
    this.#packet(packet, header, sequence, header.payloadStart, nowMs, false);
  }

  /** Takes a packet of the stream's RTX stream (RFC 4588): the lost packet is inside. */
  receiveRtx(packet: Uint8Array, header: RtpHeader, nowMs: number): void {
    if (header.payloadEnd - header.payloadStart < 2 || this.#highest < 0) return; // Padding, or nothing to repair.
    const sequence = this.#extend(readUint16(packet, header.payloadStart));
    this.#packet(packet, header, sequence, header.payloadStart + 2, nowMs, true);
  }

  receiveSenderReport(ntpSeconds: number, ntpFraction: number, nowMs: number): void {
    this.#report.receivedSenderReport(ntpSeconds, ntpFraction, nowMs);
  }

  /** The report block since the last call. */
  takeReport(nowMs: number): ReportBlock | undefined {
    return this.#report.take(nowMs);
  }

  /** Asks the sender for a key frame, at most once in a while. */
  requestKeyFrame(nowMs = performance.now()): void {
    if (nowMs - this.#keyFrameAskedMs < keyFrameRetryMs) return;
    this.#keyFrameAskedMs = nowMs;
    this.#statistics.keyFrameRequests += 1;
    this.#sendRtcp([{ type: 'pictureLoss', senderSsrc: this.#senderSsrc, mediaSsrc: this.ssrc }]);
  }

  #extend(sequenceNumber: number): number {
    // The first stands one cycle up, so that packets from just before it have positive numbers.
    return this.#highest < 0 ? sequenceNumber + 0x1_0000 : extendSequence(sequenceNumber, this.#highest);
  }

  #packet(
    packet: Uint8Array,
    header: RtpHeader,
    sequence: number,
    payloadStart: number,
    nowMs: number,
    rtx: boolean,
  ): void {
    const statistics = this.#statistics;
    const isNew = this.#note(sequence, nowMs, rtx);
    if (!isNew) {
      statistics.duplicates += 1;
      return;
    }
    const bytes = header.payloadEnd - payloadStart;
    statistics.packets += 1;
    statistics.bytes += bytes;
    this.#nowMs = nowMs;
    this.#report.received(sequence, header.timestamp, nowMs, rtx);
    if (!rtx && this.#captureTimeId > 0) this.#measureDelay(packet, header, nowMs);
    if (!this.#assembler) {
      this.#completed({ timestamp: header.timestamp, keyFrame: false, packets: 1, bytes });
      return;
    }
    const kind = this.#read ? this.#read(packet, payloadStart, header.payloadEnd) : 0;
    if ((kind & keyFrameStart) !== 0 && this.#read === readVp8) {
      const size = vp8Resolution(packet, payloadStart, header.payloadEnd);
      if (size) Object.assign(statistics, size);
    }
    this.#assembler.add(sequence, header.timestamp, header.marker, kind, bytes);
    if (this.#assembler.waitsForKeyFrame) this.#repairSoon(nowMs);
  }

  /** Keeps the account of sequence numbers; false for a packet that was there before. */
  #note(sequence: number, nowMs: number, rtx: boolean): boolean {
    if (sequence > this.#highest) {
      const first = this.#highest < 0 ? sequence : this.#highest + 1;
      this.#highest = sequence;
      if (sequence > first) this.#missed(first, sequence, nowMs);
      return true;
    }
    if (!this.#missing) return sequence < this.#highest; // Late audio; an exact repetition of the newest is not.
    if (!this.#missing.received(sequence, nowMs)) return false;
    if (rtx) this.#statistics.repaired += 1;
    return true;
  }

  #missed(first: number, end: number, nowMs: number): void {
    if (this.#missing?.add(first, end, nowMs)) this.#repairSoon(nowMs);
    else this.#assembler?.skipTo(end);
  }

  #repairSoon(nowMs: number): void {
    this.#stopRepair ??= schedule.start(nowMs + repairTickMs, (atMs) => this.#repair(atMs));
  }

  #repair(nowMs: number): number | undefined {
    const lostUpTo = this.#missing?.giveUp(nowMs);
    if (lostUpTo !== undefined) this.#assembler?.skipTo(lostUpTo);
    if (this.#assembler) this.#missing?.forgetBefore(this.#assembler.next);
    const due = this.#missing?.takeDue(nowMs) ?? [];
    if (due.length > 0) {
      this.#statistics.nacks += 1;
      const sequenceNumbers = due.map((sequence) => sequence & 0xffff);
      const [senderSsrc, mediaSsrc] = [this.#senderSsrc, this.ssrc];
      this.#sendRtcp([{ type: 'nack', senderSsrc, mediaSsrc, sequenceNumbers }]);
    }
    const waits = this.#assembler?.waitsForKeyFrame && this.#read !== undefined;
    if (waits) this.requestKeyFrame(nowMs);
    if (waits || (this.#missing?.size ?? 0) > 0) return nowMs + repairTickMs;
    this.#stopRepair = undefined;
    return undefined;
  }

  #measureDelay(packet: Uint8Array, header: RtpHeader, nowMs: number): void {
    if (header.timestamp === this.#delayTimestamp) return;
    this.#delayTimestamp = header.timestamp;
    this.#delayMs = undefined;
    const at = findExtension(packet, header, this.#captureTimeId);
    if (at < 0) return;
    const capturedAtMs = unixMsFromNtp(readUint32(packet, at), readUint32(packet, at + 4));
    const delayMs = wallClockMs(nowMs) - capturedAtMs;
    this.#delayMs = delayMs;
    this.#delayCount += 1;
    this.#delaySumMs += delayMs;
    if (delayMs > this.#delayMaxMs) this.#delayMaxMs = delayMs;
  }

  #completed(frame: AssembledFrame): void {
    const nowMs = this.#nowMs;
    const statistics = this.#statistics;
    statistics.frames += 1;
    if (frame.keyFrame) statistics.keyFrames += 1;
    statistics.firstFrameMs ??= nowMs - this.#startMs;
    if (statistics.lastFrameAtMs !== undefined) {
      const gapMs = nowMs - statistics.lastFrameAtMs;
      if (gapMs > statistics.longestGapMs) statistics.longestGapMs = gapMs;
      if (gapMs > freezeMs) {
        statistics.freezes += 1;
        statistics.frozenMs += gapMs;
      }
    }
    statistics.lastFrameAtMs = nowMs;
    if (!this.onFrame) return;
    Object.assign(this.#frame, frame);
    this.#frame.completedAtMs = nowMs;
    this.#frame.delayMs = frame.timestamp === this.#delayTimestamp ? this.#delayMs : undefined;
    this.onFrame(this.#frame);
  }
}

function newStatistics(): Omit<ReceiverStatistics, 'lost' | 'jitterMs' | 'framesDropped' | 'delay'> {
  return {
    packets: 0,
    bytes: 0,
    duplicates: 0,
    repaired: 0,
    nacks: 0,
    keyFrameRequests: 0,
    frames: 0,
    keyFrames: 0,
    freezes: 0,
    frozenMs: 0,
    longestGapMs: 0,
    firstFrameMs: undefined,
    lastFrameAtMs: undefined,
    width: 0,
    height: 0,
  };
}
