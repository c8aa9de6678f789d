import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { benchNames, describeResult, loadBench, readOptions } from './bench.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-bench-'));
  const files = {
    'index.ts': 'export {};',
    'good.ts': "export const bench = { name: 'good', describe: 'a good one', run: async () => ({}) };",
    'good.test.ts': '',
    'other.ts': "export const bench = { name: 'misnamed', describe: '', run: async () => ({}) };",
    'empty.ts': 'export {};',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
});
afterAll(() => rm(folder, { recursive: true }));

test('a measurement is found by its file', async () => {
  expect(benchNames(folder)).toEqual(['empty', 'good', 'other']);
  expect(await loadBench(folder, 'good')).toMatchObject({ name: 'good', describe: 'a good one' });
});

test.each(['nonsense', 'index', 'good.test', '../good', ''])('there is no measurement "%s"', async (name) => {
  await expect(loadBench(folder, name)).rejects.toMatchObject({ code: 'not-found' });
});

test.each(['other', 'empty'])('a file that does not export its measurement is a fault: %s', async (name) => {
  await expect(loadBench(folder, name)).rejects.toThrow(/must export bench/);
});

test('a result shows what applies, and whether the goal is met', () => {
  const text = describeResult({
    name: 'forwarding',
    against: 'bare mediasoup',
    ratio: 1.0312345,
    p50Ms: null,
    p95Ms: 2.5,
    p99Ms: null,
    goal: 'ratio ≤ 1.05',
    met: true,
    ranOn: { cpu: 'Xeon', cores: 2, memoryGiB: 24, kernel: '6.18', node: '24.21.0', date: '2026-11-21' },
    details: { packets: 20_000 },
  });
  expect(text).toContain('1.031 ×');
  expect(text).toContain('ratio ≤ 1.05: met');
  expect(text).toMatch(/p95 +2\.5 ms/);
  expect(text).not.toContain('p50');
  expect(text).toMatch(/packets +20000/);
});

test('a measurement is run with its own parameters', () => {
  const bench = { parameters: { cycles: 500, rounds: 3 } };
  expect(readOptions(bench, ['churn'])).toEqual({ json: false, parameters: { cycles: 500, rounds: 3 } });
  expect(readOptions(bench, ['churn', '--cycles', '7', '--json'])).toEqual({
    json: true,
    parameters: { cycles: 7, rounds: 3 },
  });
  for (const args of [['--cycles', '0'], ['--cycles', 'many'], ['--joins', '3'], ['other']])
    expect(() => readOptions(bench, ['churn', ...args])).toThrow();
});
