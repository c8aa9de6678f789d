import { beforeAll, expect, test, vi } from 'vitest';
import { seededRandom, withSeed } from '../seeded-random.ts';
import { installFrameCode } from './frame-code.ts';
import type { BrowserKit } from './kit.ts';

const kit = {} as BrowserKit;
beforeAll(() => installFrameCode(kit));

test(
  'what is encoded is decoded',
  withSeed((seed) => {
    const random = seededRandom(seed);
    for (let i = 0; i < 200; i++) {
      const code = {
        source: Math.floor(random() * 256),
        frame: Math.floor(random() * 2 ** 24),
        capturedAt: Date.now() - Math.floor(random() * 1e6),
      };
      const cells = kit.encodeFrameCode(code);
      expect(cells).toHaveLength(80);
      expect(kit.decodeFrameCode(cells)).toEqual(code);
    }
  }),
);

test(
  'up to three wrong cells are always noticed',
  withSeed((seed) => {
    const random = seededRandom(seed);
    const cells = kit.encodeFrameCode({ source: 3, frame: 12345, capturedAt: Date.now() });
    for (let i = 0; i < 80; i++) expect(kit.decodeFrameCode(cells.with(i, !cells[i]))).toBeUndefined();
    for (let i = 0; i < 1000; i++) {
      const wrong = new Set(Array.from({ length: 3 }, () => Math.floor(random() * 80)));
      const damaged = cells.map((cell, at) => cell !== wrong.has(at));
      expect(kit.decodeFrameCode(damaged)).toBeUndefined();
    }
  }),
);

test('the time is right across the wrap of its 32 bits, and a little in the future', () => {
  vi.useFakeTimers();
  try {
    const wrap = 400 * 2 ** 32;
    vi.setSystemTime(wrap + 100);
    for (const capturedAt of [wrap - 50, wrap, wrap + 99, wrap + 130])
      expect(kit.decodeFrameCode(kit.encodeFrameCode({ source: 0, frame: 1, capturedAt }))?.capturedAt).toBe(
        capturedAt,
      );
  } finally {
    vi.useRealTimers();
  }
});
