import type { Source } from '@weir/protocol';

export type VideoCodec = 'VP8' | 'VP9' | 'H264' | 'AV1';

export type PublishOptions = {
  source: Exclude<Source, 'data'>;
  name?: string;
  /** Default VP8: every browser encodes it with simulcast. */
  codec?: VideoCodec;
  /**
   * Several sizes (VP8, H264: simulcast; VP9: SVC; AV1 has one size in several rates); a shared screen in VP8 or H264 comes in full, and with
   * fewer pictures for narrow lines. Default true for cameras, and for shared screens in VP8 or H264.
   */
  simulcast?: boolean;
  /** MediaStreamTrack.contentHint: what to keep when bits are few. */
  contentHint?: 'motion' | 'detail' | 'text' | 'speech' | 'music';
  maxBitrateBps?: number;
  muted?: boolean;
};

/** One encoding of a video: what RTCRtpSender takes. */
export type Encoding = {
  maxBitrate: number;
  scaleResolutionDownBy?: number;
  scalabilityMode?: string;
  maxFramerate?: number;
};

/**
 * A shared screen: for lines on which a whole page would take seconds, for those where it does not flow, and for all others. Chromium
 * takes a rate that is given for one encoding for that of all that have none.
 */
const screenEncodings = [
  { linesAtMost: 360, maxBitrate: 150_000, maxFramerate: 5 },
  { linesAtMost: 720, maxBitrate: 500_000, maxFramerate: 5 },
  { linesAtMost: Number.POSITIVE_INFINITY, maxBitrate: Number.POSITIVE_INFINITY, maxFramerate: 30 },
];

/** Bits a second that a good picture of this height takes at 30 frames a second, VP8. */
function bitrateBps(height: number): number {
  return Math.round(Math.min(4_000_000, Math.max(120_000, 1_500_000 * (height / 720) ** 1.5)));
}

/**
 * The encodings of a picture of `height` lines: simulcast halves it down to 180 lines, three layers at most; SVC does the
 * same inside one encoding. AV1 has rates only: browsers do not decode its larger sizes as the engine forwards them, without
 * the dependency descriptor. A shared screen must be readable first of all: where the line is narrow few pictures of it come, of 720
 * lines, and each takes longer to become sharp. Where that is too much it is at least seen.
 */
export function encodingsFor(options: PublishOptions, height: number): Encoding[] {
  const codec = options.codec ?? 'VP8';
  const screen = options.source === 'screen';
  const layered = options.simulcast ?? !screen;
  const full = options.maxBitrateBps ?? (screen ? 3_000_000 : bitrateBps(height));
  const layers = layered ? Math.max(1, Math.min(3, Math.floor(Math.log2(Math.max(height, 1) / 180)) + 1)) : 1;
  if (codec === 'AV1') return [{ maxBitrate: full, scalabilityMode: 'L1T3' }];
  if (codec === 'VP9')
    return [{ maxBitrate: full, scalabilityMode: layers > 1 ? `L${layers}T3_KEY` : 'L1T3' }];
  const scalabilityMode = codec === 'H264' ? 'L1T1' : 'L1T3';
  if (screen && options.simulcast !== false) {
    return screenEncodings.map(({ linesAtMost, maxBitrate, maxFramerate }) => ({
      maxBitrate: Math.min(full, maxBitrate),
      maxFramerate,
      scaleResolutionDownBy: Math.max(1, height / linesAtMost),
      scalabilityMode,
    }));
  }
  return Array.from({ length: layers }, (_, i) => {
    const scale = 2 ** (layers - 1 - i);
    return {
      maxBitrate: scale === 1 ? full : Math.min(full, bitrateBps(height / scale)),
      scaleResolutionDownBy: scale,
      scalabilityMode,
    };
  });
}
