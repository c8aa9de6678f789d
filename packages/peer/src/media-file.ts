import { readAnnexB, readIvf, readOgg } from './media-container.ts';
import { type Fragment, packetizeH264, packetizeOpus, packetizeVp8 } from './packetizer.ts';

export type MediaCodec = 'VP8' | 'H264' | 'opus';

/** One frame, ready to be sent again and again. */
export type MediaFrame = { keyFrame: boolean; bytes: number; fragments: readonly Fragment[] };

/** Encoded media of a constant frame rate, held in memory and shared by all senders of the process. */
export type MediaFile = {
  codec: MediaCodec;
  kind: 'audio' | 'video';
  clockRate: number;
  frameDurationMs: number;
  width: number;
  height: number;
  bitrateBps: number;
  /** Begins with a key frame. */
  frames: readonly MediaFrame[];
  /** For each frame, the index of the next key frame at or after it, around the end if need be. */
  keyFrameAtOrAfter: readonly number[];
};

export type EncodedMedia = {
  codec: MediaCodec;
  width: number;
  height: number;
  frameDurationMs: number;
  /** IVF, Annex B with access unit delimiters, or Ogg, by the codec. */
  bytes: Uint8Array;
};

/** Splits a file into frames and packets. */
export function loadMedia(encoded: EncodedMedia): MediaFile {
  const frames = readFrames(encoded);
  if (!frames[0]?.keyFrame) throw new Error(`${encoded.codec} file does not begin with a key frame`);
  const bytes = frames.reduce((sum, frame) => sum + frame.bytes, 0);
  const audio = encoded.codec === 'opus';
  return {
    codec: encoded.codec,
    kind: audio ? 'audio' : 'video',
    clockRate: audio ? 48_000 : 90_000,
    frameDurationMs: encoded.frameDurationMs,
    width: encoded.width,
    height: encoded.height,
    bitrateBps: Math.round((bytes * 8000) / (frames.length * encoded.frameDurationMs)),
    frames,
    keyFrameAtOrAfter: nextKeyFrames(frames),
  };
}

function readFrames({ codec, bytes }: EncodedMedia): MediaFrame[] {
  switch (codec) {
    case 'VP8':
      return readIvf(bytes).map((frame) => ({
        keyFrame: (frame[0]! & 1) === 0,
        bytes: frame.length,
        fragments: packetizeVp8(frame),
      }));
    case 'H264':
      return accessUnits(readAnnexB(bytes)).map((units) => ({
        keyFrame: units.some((unit) => (unit[0]! & 0x1f) === 5),
        bytes: units.reduce((sum, unit) => sum + unit.length, 0),
        fragments: packetizeH264(units),
      }));
    case 'opus':
      return readOgg(bytes)
        .slice(2) // OpusHead and OpusTags.
        .map((frame) => ({ keyFrame: true, bytes: frame.length, fragments: packetizeOpus(frame) }));
  }
}

function accessUnits(nalUnits: readonly Uint8Array[]): Uint8Array[][] {
  const pictures: Uint8Array[][] = [];
  for (const unit of nalUnits) {
    if ((unit[0]! & 0x1f) === 9)
      pictures.push([]); // A delimiter begins each picture.
    else pictures.at(-1)?.push(unit);
  }
  return pictures.filter((units) => units.length > 0);
}

function nextKeyFrames(frames: readonly MediaFrame[]): number[] {
  const next = new Array<number>(frames.length);
  let following = 0; // The first frame is one.
  for (let i = frames.length - 1; i >= 0; i--) {
    if (frames[i]!.keyFrame) following = i;
    next[i] = following;
  }
  return next;
}
