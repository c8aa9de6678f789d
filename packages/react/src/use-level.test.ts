import { expect, test } from 'vitest';
import { loudness } from './use-level.ts';

const tone = (amplitude: number) =>
  Float32Array.from({ length: 1_024 }, (_, i) => amplitude * Math.sin(i / 5));

test('silence is 0, full scale nearly 1, and louder is more', () => {
  expect(loudness(new Float32Array(1_024))).toBe(0);
  expect(loudness(tone(1))).toBeGreaterThan(0.9);
  expect(loudness(Float32Array.from({ length: 8 }, () => 1))).toBe(1);
  const levels = [0.001, 0.01, 0.1, 1].map((amplitude) => loudness(tone(amplitude)));
  expect(levels).toEqual([...levels].sort((a, b) => a - b));
});
