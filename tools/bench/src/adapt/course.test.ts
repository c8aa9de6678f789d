import { expect, test } from 'vitest';
import { courseOf, secondsTo } from './course.ts';
import type { Look } from './page.ts';

/** A look each second; `layers` of each, -1 for no picture. */
function looksOf(layers: number[]): Look[] {
  return layers.map((layer, i) => ({
    ms: i * 1000,
    layer,
    lines: layer < 0 ? 0 : 180 * 2 ** layer,
    limitedBy: layer < 2 ? 'bandwidth' : '',
    downlink: layer < 2 ? 'limited' : 'good',
    videoBytes: i * 125_000,
    frames: i * 15,
    freezes: 1,
    frozenSeconds: 0.25,
    audioBytes: i * 5_000,
    concealedSamples: i * 480,
    samples: i * 48_000,
  }));
}

test('a call is summed up by its second half, and its switches after the start', () => {
  const looks = looksOf([0, 1, 2, 2, 2, 2, 1, 1, 2, 2, -1]);
  expect(courseOf(looks)).toEqual({
    seconds: 10,
    videoKbps: 1_000,
    lines: 540,
    framesPerSecond: 15,
    secondsTo720: 2,
    freezes: 1,
    frozenSeconds: 0.3,
    switches: 3,
    concealedPercent: 1,
    audioKbps: 40,
    downlink: 'limited',
  });
});

test('what never came has no time', () => {
  const looks = looksOf([0, 2, 0, 1, 1]);
  expect(secondsTo(looks, 720)).toBe(1);
  expect(secondsTo(looks, 1080)).toBeNull();
});
