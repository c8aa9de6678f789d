import type { VideoDescription } from '@weir/peer';

/** The camera of everybody in these calls. */
export function callCamera(fps: number): VideoDescription {
  const keyFrameEvery = Math.round(fps / 2);
  return { codec: 'VP8', width: 320, height: 180, fps, bitrateBps: 60_000, seconds: 2, keyFrameEvery };
}
