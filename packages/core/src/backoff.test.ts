import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

const options = fc.record({
  firstMs: fc.integer({ min: 1, max: 10_000 }),
  maxMs: fc.integer({ min: 10_000, max: 600_000 }),
  factor: fc.double({ min: 1, max: 10, noNaN: true }),
});
const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('a delay is between half and all of the attempt’s ceiling, never above the maximum', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), options, unit, (attempt, o, random) => {
      const delay = backoffMs(attempt, o, () => random);
      const ceiling = Math.min(o.maxMs, o.firstMs * o.factor ** (attempt - 1));
      expect(Number.isInteger(delay)).toBe(true);
      expect(delay).toBeGreaterThanOrEqual(Math.floor(ceiling / 2));
      expect(delay).toBeLessThanOrEqual(Math.ceil(ceiling));
      expect(delay).toBeLessThanOrEqual(o.maxMs);
    }),
  );
});

test('a later attempt never waits less for the same throw of the dice', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), options, unit, (attempt, o, random) => {
      expect(backoffMs(attempt + 1, o, () => random)).toBeGreaterThanOrEqual(
        backoffMs(attempt, o, () => random),
      );
    }),
  );
});

test('doubles by default, and spreads', () => {
  const highest = (attempt: number) => backoffMs(attempt, { firstMs: 100, maxMs: 1_000 }, () => 1 - 2 ** -53);
  expect([1, 2, 3, 4, 5, 60].map(highest)).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  expect(backoffMs(3, { firstMs: 100, maxMs: 1_000 }, () => 0)).toBe(200);
  const drawn = new Set(Array.from({ length: 200 }, () => backoffMs(10, { firstMs: 100, maxMs: 100_000 })));
  expect(drawn.size).toBeGreaterThan(50);
});
