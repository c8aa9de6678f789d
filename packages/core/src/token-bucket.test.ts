import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TokenBucket } from './token-bucket.ts';

describe('TokenBucket', () => {
  test('gives its burst at once, then what has come since', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, 0);
    expect([1, 2, 3, 4].map(() => bucket.take(1, 0))).toEqual([true, true, true, false]);
    expect(bucket.take(1, 99)).toBe(false);
    expect(bucket.take(1, 100)).toBe(true);
    expect(bucket.take(1, 100)).toBe(false);
  });

  test('a refusal costs nothing, however often', () => {
    const bucket = new TokenBucket({ perSecond: 1, burst: 1 }, 0);
    bucket.take(1, 0);
    for (let ms = 0; ms < 1_000; ms += 125) expect(bucket.take(1, ms)).toBe(false);
    expect(bucket.take(1, 1_000)).toBe(true);
  });

  test('rest is not saved beyond the burst', () => {
    const bucket = new TokenBucket({ perSecond: 100, burst: 5 }, 0);
    const taken = Array.from({ length: 10 }, () => bucket.take(1, 3_600_000)).filter(Boolean);
    expect(taken).toHaveLength(5);
  });

  test('a cost is taken whole or not at all', () => {
    const bucket = new TokenBucket({ perSecond: 1, burst: 10 }, 0);
    expect(bucket.take(8, 0)).toBe(true);
    expect(bucket.take(3, 0)).toBe(false);
    expect(bucket.take(2, 0)).toBe(true);
    expect(bucket.take(11, 1_000_000)).toBe(false);
  });

  test('never gives more than burst + rate × time, nor starves who keeps to the rate', () => {
    const limit = fc.record({
      perSecond: fc.integer({ min: 1, max: 1_000 }),
      burst: fc.integer({ min: 1, max: 1_000 }),
    });
    const steps = fc.array(
      fc.record({ waitMs: fc.integer({ min: 0, max: 5_000 }), cost: fc.integer({ min: 1, max: 20 }) }),
      { maxLength: 300 },
    );
    fc.assert(
      fc.property(limit, steps, ({ perSecond, burst }, taken) => {
        const bucket = new TokenBucket({ perSecond, burst }, 0);
        let now = 0;
        let given = 0;
        for (const { waitMs, cost } of taken) {
          now += waitMs;
          if (bucket.take(cost, now)) given += cost;
          expect(given).toBeLessThanOrEqual(burst + (perSecond * now) / 1000 + 1e-6);
        }
        expect(bucket.take(1, now + 1000 / perSecond + 0.001)).toBe(true);
      }),
    );
  });
});
