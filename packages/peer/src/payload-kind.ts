import { readUint16 } from './rtp-packet.ts';

/** What a packet's payload says about its frame, as bits. */
export const frameStart = 1;
/** The packet begins a frame from which decoding can begin. */
export const keyFrameStart = 2;

/** Reads the `frameStart` and `keyFrameStart` bits of a payload. */
export type PayloadReader = (packet: Uint8Array, start: number, end: number) => number;

/** Bytes of a VP8 payload descriptor (RFC 7741 §4.2). */
export function vp8DescriptorBytes(packet: Uint8Array, start: number): number {
  if ((packet[start]! & 0x80) === 0) return 1;
  const extension = packet[start + 1]!;
  let bytes = 2;
  if ((extension & 0x80) !== 0) bytes += (packet[start + bytes]! & 0x80) !== 0 ? 2 : 1;
  if ((extension & 0x40) !== 0) bytes += 1;
  if ((extension & 0x30) !== 0) bytes += 1;
  return bytes;
}

export const readVp8: PayloadReader = (packet, start, end) => {
  if (start >= end || (packet[start]! & 0x17) !== 0x10) return 0; // S set, partition 0.
  const frame = start + vp8DescriptorBytes(packet, start);
  return frame < end && (packet[frame]! & 1) === 0 ? frameStart | keyFrameStart : frameStart;
};

/** The picture size in the first packet of a VP8 key frame (RFC 6386 §9.1). */
export function vp8Resolution(
  packet: Uint8Array,
  start: number,
  end: number,
): { width: number; height: number } | undefined {
  const at = start + vp8DescriptorBytes(packet, start) + 3;
  if (at + 7 > end || packet[at] !== 0x9d || packet[at + 1] !== 0x01 || packet[at + 2] !== 0x2a)
    return undefined;
  const little = (i: number) => (packet[i]! | (packet[i + 1]! << 8)) & 0x3fff;
  return { width: little(at + 3), height: little(at + 5) };
}

/** H264 does not say where a frame starts, except a key frame: with its parameter sets (or the picture itself). */
export const readH264: PayloadReader = (packet, start, end) => {
  if (start >= end) return 0;
  const type = packet[start]! & 0x1f;
  if (type === 24) {
    for (let at = start + 1; at + 2 < end; at += 2 + readUint16(packet, at)) {
      if (isKeyUnit(packet[at + 2]! & 0x1f)) return frameStart | keyFrameStart;
    }
    return 0;
  }
  if (type === 28) {
    const header = packet[start + 1]!;
    return (header & 0x80) !== 0 && isKeyUnit(header & 0x1f) ? frameStart | keyFrameStart : 0;
  }
  return isKeyUnit(type) ? frameStart | keyFrameStart : 0;
};

function isKeyUnit(type: number): boolean {
  return type === 5 || type === 7;
}
