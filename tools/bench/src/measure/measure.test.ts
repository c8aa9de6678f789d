import { expect, test } from 'vitest';
import { cpuSeconds, rssBytes } from './process-usage.ts';
import { median, quantile } from './quantile.ts';
import { table } from './table.ts';
import { isFlat, trendOf } from './trend.ts';

test.each([
  [[5], 0.95, 5],
  [[3, 1, 2], 0.5, 2],
  [[1, 2, 3, 4], 0.5, 2.5],
  [[0, 10], 0.95, 9.5],
])('of %j the quantile %d is %d', (values, q, expected) => {
  expect(quantile(values, q)).toBeCloseTo(expected);
});

test('of nothing there is no median', () => expect(median([])).toBeNaN());

test('columns stand in line', () => {
  const lines = table(
    ['name', 'ms'],
    [
      ['a', 1],
      ['longer', 1234],
    ],
  ).split('\n');
  expect(lines).toEqual(['name      ms', 'a          1', 'longer  1234']);
});

const series = (y: (x: number) => number) => Array.from({ length: 20 }, (_, x) => ({ x: x * 100, y: y(x) }));

test('a level with noise and outliers is flat', () => {
  const trend = trendOf(series((x) => (x === 19 ? 5_000 : 1_000 + (x % 3))));
  expect(isFlat(trend, 0)).toBe(true);
  expect(trend.level).toBeCloseTo(1_001);
});

test('steady growth is not, however small its steps, and its slope is told', () => {
  const trend = trendOf(series((x) => 1_000 + 2 * x + (x % 2)));
  expect(trend.slope).toBeCloseTo(0.02, 2);
  expect(isFlat(trend, 0.01)).toBe(false);
  expect(isFlat(trend, 0.03)).toBe(true);
});

test('what shrinks does not grow', () =>
  expect(isFlat(trendOf(series((x) => 1_000 - 10 * x)), 0)).toBe(true));

test('the CPU time and memory of a process are those that it sees itself', async () => {
  const until = performance.now() + 300;
  while (performance.now() < until);
  const { user, system } = process.cpuUsage();
  expect(await cpuSeconds(process.pid)).toBeCloseTo((user + system) / 1e6, 0);
  const [seen, own] = [await rssBytes(process.pid), process.memoryUsage.rss()];
  expect(Math.abs(seen - own) / own).toBeLessThan(0.2);
});
