import { expect, test } from 'vitest';
import { compare } from './forward/compare.ts';
import { canCapture } from './forward/packet-capture.ts';
import { detailsOf, ratioOf, summary } from './forward/report.ts';

test('the same traffic goes through the platform and through bare mediasoup', async () => {
  const scenario = { name: '2→2', publishers: 2, viewers: 2 };
  const capture = await canCapture(() => {});
  const [outcome] = await compare([scenario], {
    rounds: 1,
    measureMs: 2_000, // The kernel tells processor time in hundredths of a second.
    load: 0.1,
    packetsPerSecond: 500,
    capture,
    say: () => {},
    signal: new AbortController().signal,
  });
  const { together, alone } = outcome!;
  expect(together.map((pair) => pair.map(({ server }) => server))).toEqual([['weir', 'bare']]);
  expect(alone.map(({ server }) => server)).toEqual(['weir', 'bare']);
  for (const round of [...together.flat(), ...alone]) {
    expect(round.packetsPerSecond).toBeGreaterThan(0);
    expect(round.workerCpuUs).toBeGreaterThan(0);
  }
  for (const round of alone) {
    expect(round.peerP50Ms).toBeGreaterThan(0);
    expect(round.peerP99Ms).toBeGreaterThanOrEqual(round.peerP50Ms);
    if (!capture) continue;
    expect(round.copies).toBeGreaterThan(0);
    expect(round.firstP50Ms).toBeGreaterThan(0);
    expect(round.copyP50Ms).toBeGreaterThanOrEqual(round.firstP50Ms);
  }
  expect(ratioOf(outcome!)).toBeGreaterThan(0);
  expect(summary([outcome!])).toContain('2→2 weir');
  expect(Object.fromEntries(detailsOf(outcome!))).toHaveProperty('2→2.bare.workerCpuUs');
}, 240_000);
