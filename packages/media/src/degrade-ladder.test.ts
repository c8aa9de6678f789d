import { silentLogger } from '@weir/core';
import { FakeClock } from '@weir/testing';
import { expect, test } from 'vitest';
import { DegradeLadder, groundState, nextLadder } from './degrade-ladder.ts';

/** The rungs after each second of these shares. */
function rungs(
  shares: number[],
  start = groundState,
  from = 0,
): { rungs: number[]; state: typeof groundState } {
  let state = start;
  const seen = shares.map((share, i) => {
    state = nextLadder(state, share, from + i * 1_000);
    return state.rung;
  });
  return { rungs: seen, state };
}
const times = (n: number, share: number) => Array.from({ length: n }, () => share);

test.each<[string, number[], number]>([
  ['below 70 % all is as ever', times(60, 0.69), 0],
  ['a peak of a second is nothing', [0.5, 0.99, 0.5, 0.5], 0],
  ['from 70 % on no new rooms', times(9, 0.7), 1],
  ['from 85 % on no top layers', times(9, 0.85), 2],
  ['from 95 % on no unpinned video', times(9, 0.95), 3],
  ['and nothing more', times(99, 2), 3],
  ['what helps is enough', [...times(3, 0.97), ...times(60, 0.8)], 1],
])('[MC31] %s', (_, shares, rung) => {
  expect(rungs(shares).rungs.at(-1)).toBe(rung);
});

test('[MC31] it recovers a rung at a time when the share is clearly lower for a while', () => {
  const { rungs: seen } = rungs([...times(9, 0.99), ...times(40, 0.2)]);
  expect([...new Set(seen.slice(9))]).toEqual([3, 2, 1, 0]);
  expect(seen[9 + 9]).toBe(3); // Not within ten seconds.
  expect(rungs([...times(9, 0.86), ...times(60, 0.76)]).rungs.at(-1)).toBe(2); // Only a little lower.
});

test('[MC31] a load that comes back with what was given up is let back later and later', () => {
  let state = rungs(times(9, 0.9)).state;
  let now = 9_000;
  const waits: number[] = [];
  for (let i = 0; i < 7; i++) {
    const since = now;
    for (; state.rung === 2; now += 1_000) state = nextLadder(state, 0.5, now);
    waits.push((now - since) / 1_000);
    for (; state.rung === 1; now += 1_000) state = nextLadder(state, 0.9, now);
  }
  expect(waits).toEqual([...waits].sort((a, b) => a - b));
  expect(waits[0]).toBeLessThan(15);
  expect(waits.at(-1)).toBeGreaterThan(150);
});

test('it says when another rung is in force, and stops with its node', async () => {
  const clock = new FakeClock();
  let share = 0.99;
  const told: (string | undefined)[] = [];
  const ladder = new DegradeLadder({
    clock,
    logger: silentLogger,
    use: () => ({ cpu: 0.1, egress: share }),
    changed: () => told.push(ladder.degraded),
  });
  await clock.advance(20_000);
  expect(told).toEqual(['new-rooms', 'top-layers', 'unpinned-video']);
  expect(ladder.has('top-layers')).toBe(true);
  share = 0.1;
  await clock.advance(60_000);
  expect(told.slice(3)).toEqual(['top-layers', 'new-rooms', undefined]);
  expect(ladder.has('new-rooms')).toBe(false);
  ladder.close();
  expect(clock.pending).toBe(0);
});
