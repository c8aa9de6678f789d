import { Lifetime, PlatformError } from '@weir/core';
import type { RtpParameters } from '@weir/protocol';
import type { MediaFile } from './media-file.ts';
import type { RtcpPacket } from './rtcp.ts';
import { h264Parameters, headerExtensions, payloadTypes, videoFeedback } from './rtp-capabilities.ts';
import { RtpSender } from './rtp-sender.ts';
import { schedule } from './schedule.ts';

/** Packets that a stream sends at once; the rest of a large frame follows in steps. */
const burstPackets = 16;
const burstGapMs = 2;
/** A track later than this (the process was busy) leaves frames out instead of catching up. */
const maxLateMs = 500;

export type SendTrackOptions = {
  /** One file for each simulcast layer, smallest first; all of one codec and frame rate. */
  layers: readonly MediaFile[];
  /** Distinct in its transport. */
  mid: string;
  cname: string;
  /** Answer NACKs (default true for video). */
  rtx?: boolean;
  /** 0 to -127 (default -30). */
  audioLevelDbov?: number;
};

type Network = { send: (packet: Buffer) => boolean; nextTransportSequence: () => number };

/** A camera or microphone being sent: its layers at the same pace and on the same clock. */
export class SendTrack extends Lifetime {
  readonly kind: 'audio' | 'video';
  /** To announce to the server before the first packet. */
  readonly rtpParameters: RtpParameters;
  /** One for each layer, smallest first. */
  readonly senders: readonly RtpSender[];
  /** Frames left out because the process was late. */
  framesSkipped = 0;
  readonly #file: MediaFile;
  readonly #active: boolean[];
  readonly #cname: string;
  readonly #timestampBase = Math.floor(Math.random() * 0x1_0000_0000);
  #startMs = 0;
  #ticks = 0;
  #tick: 'frame' | 'rest' = 'frame';
  #stop: (() => void) | undefined;
  #muted = false;

  constructor(options: SendTrackOptions, network: Network) {
    super();
    const [file] = options.layers;
    if (!file) throw new PlatformError('bad-request', 'a track has at least one layer');
    this.#file = file;
    this.#cname = options.cname;
    this.kind = file.kind;
    this.#active = options.layers.map(() => true);
    this.rtpParameters = describe(file, options);
    const { codecs, headerExtensions = [], encodings = [] } = this.rtpParameters;
    // Tracks of the same file begin at different places, so that their large frames do not meet.
    const firstFrameIndex = Math.floor(Math.random() * file.frames.length);
    this.senders = options.layers.map((layer, i) => {
      const rtxSsrc = encodings[i]?.rtx?.ssrc;
      const rtxType = codecs[1]?.payloadType;
      return new RtpSender({
        ...network,
        file: layer,
        firstFrameIndex,
        mid: options.mid,
        headerExtensions,
        ssrc: encodings[i]!.ssrc!,
        payloadType: codecs[0]!.payloadType,
        rtx: rtxSsrc && rtxType ? { ssrc: rtxSsrc, payloadType: rtxType } : undefined,
      });
    });
    this.setAudioLevel(options.audioLevelDbov ?? -30);
    this.onClose(() => this.#stop?.());
  }

  get muted(): boolean {
    return this.#muted;
  }

  /** True while frames leave, or would if it were not muted. */
  get started(): boolean {
    return this.#stop !== undefined;
  }

  /**
   * Begins to send, at a random moment of the first frame's time: peers of a process do not send in step. What is sent
   * before the transport is connected or the server knows the track gets lost.
   */
  start(): void {
    if (this.#stop || this.closed) return;
    this.#startMs = performance.now() + Math.random() * this.#file.frameDurationMs;
    this.#stop = schedule.start(this.#startMs, (nowMs) => this.#run(nowMs));
  }

  /** A muted track sends nothing; its clock goes on. Unmuted video begins with a key frame. */
  setMuted(muted: boolean): void {
    if (this.#muted && !muted) for (const sender of this.senders) sender.requestKeyFrame();
    this.#muted = muted;
  }

  /** Like a browser short of bandwidth or processor: a layer that is not active sends nothing. */
  setLayerActive(layer: number, active: boolean): void {
    if (active && this.#active[layer] === false) this.senders[layer]?.requestKeyFrame();
    this.#active[layer] = active;
  }

  setAudioLevel(dbov: number): void {
    for (const sender of this.senders) sender.setAudioLevel(dbov);
  }

  /** Sender reports of all layers, each with its source description. */
  reports(nowMs: number): RtcpPacket[] {
    return this.senders.flatMap((sender) => {
      const report = sender.report(nowMs);
      return report ? [report, { type: 'sourceDescription', ssrc: sender.ssrc, cname: this.#cname }] : [];
    });
  }

  #run(nowMs: number): number {
    const { frameDurationMs } = this.#file;
    let dueMs = this.#startMs + this.#ticks * frameDurationMs;
    if (this.#tick === 'frame' || nowMs >= dueMs) {
      const skipped = nowMs - dueMs > maxLateMs ? Math.floor((nowMs - dueMs) / frameDurationMs) : 0;
      this.framesSkipped += skipped;
      this.#ticks += skipped;
      this.#beginFrames(nowMs);
      this.#ticks += 1;
      dueMs = this.#startMs + this.#ticks * frameDurationMs;
    }
    let rest = false;
    for (const sender of this.senders) if (!sender.sendFragments(burstPackets, nowMs)) rest = true;
    this.#tick = rest ? 'rest' : 'frame';
    return rest ? Math.min(dueMs, nowMs + burstGapMs) : dueMs;
  }

  #beginFrames(nowMs: number): void {
    if (this.#muted) return;
    const elapsed = (this.#ticks * this.#file.frameDurationMs * this.#file.clockRate) / 1000;
    const timestamp = (this.#timestampBase + Math.round(elapsed)) % 0x1_0000_0000;
    this.senders.forEach((sender, layer) => {
      if (this.#active[layer]) sender.beginFrame(timestamp, nowMs);
    });
  }
}

function describe(file: MediaFile, { layers, mid, cname, rtx = true }: SendTrackOptions): RtpParameters {
  const audio = file.kind === 'audio';
  const types = payloadTypes[file.codec];
  const parameters: Parameters = file.codec === 'H264' ? h264Parameters : audio ? { useinbandfec: 1 } : {};
  const codec = {
    mimeType: `${file.kind}/${file.codec}`,
    payloadType: types.media,
    clockRate: file.clockRate,
    ...(audio ? { channels: 2 } : {}),
    parameters,
    rtcpFeedback: audio ? [] : videoFeedback,
  };
  const repair =
    types.rtx !== undefined && rtx
      ? [
          {
            mimeType: 'video/rtx',
            payloadType: types.rtx,
            clockRate: 90_000,
            parameters: { apt: types.media },
          },
        ]
      : [];
  const ssrc = 1 + Math.floor(Math.random() * 0xfffffff0); // Each layer takes two in a row.
  return {
    mid,
    codecs: [codec, ...repair],
    headerExtensions: headerExtensions(file.kind),
    encodings: layers.map((layer, i) => ({
      ssrc: ssrc + 2 * i,
      ...(repair.length > 0 ? { rtx: { ssrc: ssrc + 2 * i + 1 } } : {}),
      ...(audio ? {} : { scalabilityMode: 'L1T1', maxBitrate: layer.bitrateBps }),
    })),
    rtcp: { cname, reducedSize: true, mux: true },
  };
}

type Parameters = RtpParameters['codecs'][number]['parameters'];
