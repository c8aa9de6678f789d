import { canStartFleet } from '@weir/cli/testing';
import { describe, expect, test } from 'vitest';
import { effects } from './chaos/report.ts';
import { calm, schedule } from './chaos/schedule.ts';
import { bench } from './chaos.ts';

const nodes = { media: ['m1', 'm2', 'm3'], fronts: ['f1', 'f2'] };

describe('the schedule', () => {
  test('is the same for a seed, another for another one', () => {
    expect(schedule(7, 300_000, nodes)).toEqual(schedule(7, 300_000, nodes));
    expect(schedule(7, 300_000, nodes)).not.toEqual(schedule(8, 300_000, nodes));
  });

  test('has every kind of blow before any comes again, with time between and at the end', () => {
    const planned = schedule(3, 600_000, nodes);
    const kinds = planned.map(({ blow }) => blow.kind);
    expect(new Set(kinds.slice(0, 12)).size).toBe(9); // Kills, pauses and drains come for both sorts of nodes.
    expect(planned.at(-1)!.atMs).toBeLessThan(600_000 - calm.lastMs);
    for (const [i, { atMs }] of planned.slice(1).entries())
      expect(atMs - planned[i]!.atMs).toBeGreaterThanOrEqual(9_000);
  });
});

test('what stands still is put down to the blow that was working, or to none', () => {
  const kill = { kind: 'kill', node: 'm1' } as const;
  const loss = { kind: 'loss', percent: 5, ms: 1_000 } as const;
  const { effects: seen, unexplained } = effects(
    [
      { blow: kill, fromMs: 1_000, toMs: 4_000 },
      { blow: loss, fromMs: 5_000, toMs: 7_000 },
    ],
    [
      { subscription: 'a of b', fromMs: 950, toMs: 2_000 },
      { subscription: 'b of a', fromMs: 1_200, toMs: 1_800 },
      { subscription: 'b of a', fromMs: 8_000, toMs: 8_600 },
    ],
    [{ atMs: 5_500, who: 'b' }],
  );
  expect(seen).toMatchObject([
    { what: 'm1 killed', subscriptions: 2, longestMs: 1_050, dropped: [] },
    { what: '5 % loss, 1.0 s', subscriptions: 0, longestMs: 0, dropped: ['b'] },
  ]);
  expect(unexplained).toEqual([{ subscription: 'b of a', fromMs: 8_000, toMs: 8_600 }]);
});

test.skipIf(!canStartFleet)(
  '[E4] under a short schedule nobody is dropped, and all is well at the end',
  async () => {
    const said: string[] = [];
    const { met, details } = await bench.run({
      parameters: { seed: 7, minutes: 1, seconds: 34, peers: 4 },
      say: (line) => said.push(line),
      signal: new AbortController().signal,
    });
    expect(met, said.join('\n')).toBe(true);
    expect(details).toMatchObject({ cameras: 12, flowAtEnd: 12, dropped: 0 });
    expect(Number(details.blows)).toBeGreaterThan(1);
  },
  180_000,
);
