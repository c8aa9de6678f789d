import { loadMedia, type MediaFile } from '@weir/peer';

const frameBytes = 1_000;
const seconds = 1;

/**
 * VP8 that no decoder would like, at a constant rate: each frame is one packet, so that each packet carries the time
 * stamp of its frame.
 */
export function steadyMedia(packetsPerSecond: number): MediaFile {
  const header = Buffer.alloc(32);
  header.write('DKIF', 0, 'latin1');
  header.writeUInt16LE(header.length, 6);
  const frames = Array.from({ length: packetsPerSecond * seconds }, (_, i) => {
    const frame = Buffer.alloc(12 + frameBytes, i);
    frame.writeUInt32LE(frameBytes, 0);
    frame[12] = i === 0 ? 0x10 : 0x11; // A key frame, or not (RFC 6386 §9.1).
    if (i === 0) frame.set([0, 0, 0x9d, 0x01, 0x2a, 64, 1, 180, 0], 13); // 320 × 180.
    return frame;
  });
  const bytes = Buffer.concat([header, ...frames]);
  return loadMedia({
    codec: 'VP8',
    width: 320,
    height: 180,
    frameDurationMs: 1000 / packetsPerSecond,
    bytes,
  });
}
