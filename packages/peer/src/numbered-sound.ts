import type { MediaFile } from './media-file.ts';

const frames = 200;
const frameDurationMs = 20;

/** Packets that no decoder would like, each of another size: a receiver can tell which ones came, and whose. */
export function numberedSound(firstSize: number): MediaFile {
  const sized = Array.from({ length: frames }, (_, i) => {
    const body = Buffer.alloc(firstSize + i, 0x78);
    return { keyFrame: true, bytes: body.length, fragments: [{ head: new Uint8Array(0), body }] };
  });
  return {
    codec: 'opus',
    kind: 'audio',
    clockRate: 48_000,
    frameDurationMs,
    width: 0,
    height: 0,
    bitrateBps: 100_000,
    frames: sized,
    keyFrameAtOrAfter: sized.map((_, i) => i),
  };
}
