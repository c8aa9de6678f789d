import { loadMedia, type MediaFile } from './media-file.ts';

/** VP8 that no decoder would like: the right headers, then a byte that tells the frame's number. */
export function syntheticVp8(sizes: readonly number[], keyFrameEvery: number): MediaFile {
  const header = Buffer.alloc(32);
  header.write('DKIF', 0, 'latin1');
  header.writeUInt16LE(32, 6);
  const frames = sizes.map((size, i) => {
    const frame = Buffer.alloc(12 + size, i);
    frame.writeUInt32LE(size, 0);
    frame.writeUInt32LE(i, 4);
    frame.writeUInt32LE(0, 8);
    const key = i % keyFrameEvery === 0;
    frame[12] = key ? 0x10 : 0x11;
    if (key) frame.set([0, 0, 0x9d, 0x01, 0x2a, 64, 1, 180, 0], 13); // 320 × 180.
    return frame;
  });
  const bytes = Buffer.concat([header, ...frames]);
  return loadMedia({ codec: 'VP8', width: 320, height: 180, frameDurationMs: 1000 / 30, bytes });
}
