import { expect, test } from 'vitest';
import { compare } from './forward/compare.ts';
import { detailsOf, ratioOf, summary } from './forward/report.ts';

test('the same traffic goes through the platform and through bare mediasoup', async () => {
  const scenario = { name: '2×2', publishers: 2, viewers: 2 };
  const { floor, outcomes } = await compare([scenario], {
    rounds: 1,
    measureMs: 1_000,
    load: 0.02,
    hasty: true,
    say: () => {},
    signal: new AbortController().signal,
  });
  const [outcome] = outcomes;
  expect(outcome?.rounds.map(({ server }) => server)).toEqual(['weir', 'bare']);
  for (const round of outcome?.rounds ?? []) {
    const wanted = outcome!.packetsPerSecond * 12; // Two people's two streams, to three others each.
    expect(round.packetsPerSecond / wanted).toBeGreaterThan(0.5); // A busy machine sends less.
    expect(round.packetsPerSecond / wanted).toBeLessThan(1.5);
    expect(round.delays).toBeGreaterThan(0);
    expect(round.delayP99Ms).toBeGreaterThanOrEqual(round.delayP50Ms);
    expect(round.delayP50Ms).toBeGreaterThan(0);
  }
  expect(floor.delays).toBeGreaterThan(0);
  expect(ratioOf(outcome!)).toBeGreaterThan(0);
  expect(summary(outcomes)).toContain('2×2 weir');
  expect(Object.fromEntries(detailsOf(outcome!))).toHaveProperty('2×2.bare.workerCpuUs');
}, 240_000);
