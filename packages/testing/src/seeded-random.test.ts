import { afterEach, expect, test, vi } from 'vitest';
import { seededRandom, withSeed } from './seeded-random.ts';

afterEach(() => vi.unstubAllEnvs());

const take = (seed: number | string, count: number) => Array.from({ length: count }, seededRandom(seed));

test('the same seed gives the same numbers, another seed others', () => {
  expect(take(7, 50)).toEqual(take(7, 50));
  expect(take(7, 5)).not.toEqual(take(8, 5));
  expect(take('up', 5)).not.toEqual(take('down', 5));
});

test.each([1, 2, 'client-3'])(
  'seed %s: numbers are spread evenly over [0, 1) and do not hang together',
  (seed) => {
    const numbers = take(seed, 20_000);
    expect(numbers.every((n) => n >= 0 && n < 1)).toBe(true);
    const tenths = new Array<number>(10).fill(0);
    for (const n of numbers) tenths[Math.floor(n * 10)]!++;
    for (const count of tenths) expect(Math.abs(count - 2000)).toBeLessThan(200); // Near five standard deviations.
    const mean = numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
    const serial = numbers.slice(1).reduce((sum, n, i) => sum + (n - mean) * (numbers[i]! - mean), 0);
    expect(Math.abs(serial / numbers.length / (1 / 12))).toBeLessThan(0.04);
  },
);

test('withSeed passes the seed of WEIR_SEED, and a failure names its seed', async () => {
  vi.stubEnv('WEIR_SEED', '42');
  const print = vi.spyOn(console, 'error').mockImplementation(() => {});
  const failing = withSeed((seed) => {
    throw new Error(`broke at ${seed}`);
  });
  await expect(failing()).rejects.toThrow('broke at 42\n(WEIR_SEED=42)');
  expect(print.mock.calls[0]![0]).toContain('WEIR_SEED=42');
  print.mockRestore();
});

test('withSeed picks a new seed each time without WEIR_SEED', async () => {
  vi.stubEnv('WEIR_SEED', '');
  const seeds: number[] = [];
  const body = withSeed((seed) => void seeds.push(seed));
  await body();
  await body();
  expect(seeds[0]).not.toBe(seeds[1]);
});
