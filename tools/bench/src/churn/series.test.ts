import { expect, test } from 'vitest';
import { describeSeries, highWaterGrowth, judge } from './series.ts';

const samples = Array.from({ length: 41 }, (_, i) => ({
  cycles: i * 100,
  values: { fillsBytes: Math.min(i, 20) * 2 ** 20 + 2 ** 26, growsBytes: 2 ** 26 + i * 2 ** 18 },
}));

test('a cache that fills in the first half is flat, a leak is not', () => {
  const verdicts = judge(samples);
  expect(verdicts.map(({ name, flat }) => [name, flat])).toEqual([
    ['fillsBytes', true],
    ['growsBytes', false],
  ]);
  expect(verdicts[1]?.trend.slope).toBeCloseTo(2 ** 18 / 100);
});

test('the series is told in few lines with its verdicts', () => {
  const text = describeSeries(samples, judge(samples));
  expect(text.split('\n').length).toBeLessThan(20);
  expect(text).toMatch(/^4000 +84\.00 MiB +74\.00 MiB$/m);
  expect(text).toMatch(/^growsBytes .*GROWS$/m);
});

test('without samples there is nothing to judge', () => expect(judge([])).toEqual([]));

test('what falls back now and then has not grown, what never does has', () => {
  const saw = Array.from({ length: 41 }, (_, i) => ({
    cycles: i * 10,
    values: { sawBytes: 100 + (i % 10) },
  }));
  expect(highWaterGrowth(saw, 'sawBytes')).toBe(0);
  expect(highWaterGrowth(samples, 'growsBytes')).toBe(20 * 2 ** 18);
});
