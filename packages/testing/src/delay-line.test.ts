import { sleep } from '@weir/core';
import { expect, test } from 'vitest';
import { DelayLine, preciseClock } from './delay-line.ts';
import { FakeClock } from './fake-clock.ts';
import { seededRandom, withSeed } from './seeded-random.ts';

test(
  'items come out in order of due time and then of entry',
  withSeed(async (seed) => {
    const random = seededRandom(seed);
    const clock = new FakeClock(0);
    const out: { dueAt: number; entry: number }[] = [];
    const line = new DelayLine<{ dueAt: number; entry: number }>(clock, (item) => out.push(item));
    const items = Array.from({ length: 500 }, (_, entry) => ({
      dueAt: 1 + Math.floor(random() * 100),
      entry,
    }));
    for (const item of items) line.push(item.dueAt, item);
    await clock.advance(101);
    expect(out).toEqual(items.toSorted((a, b) => a.dueAt - b.dueAt || a.entry - b.entry));
    expect([line.size, clock.pending]).toEqual([0, 0]);
  }),
);

test('what is due is delivered at once; what is cleared never', async () => {
  const clock = new FakeClock(0);
  const out: string[] = [];
  const line = new DelayLine<string>(clock, (item) => out.push(item));
  line.push(0, 'now');
  expect(out).toEqual(['now']);
  line.push(5, 'cleared');
  line.clear();
  await clock.advance(10);
  expect([out, clock.pending]).toEqual([['now'], 0]);
});

test('items come out within 2 ms of their time, as far as the machine lets them', async () => {
  const late: number[] = [];
  const line = new DelayLine<number>(preciseClock, (dueAt) => late.push(preciseClock.now() - dueAt));
  for (let i = 0; i < 100; i++) {
    const dueAt = preciseClock.now() + 50;
    line.push(dueAt, dueAt);
    await sleep(3 + (i % 5));
  }
  await sleep(80);
  expect(late.length).toBe(100);
  late.sort((a, b) => a - b);
  // A busy machine is late, never early: what comes out in its quiet moments is what the line itself does.
  expect(late[0]).toBeGreaterThanOrEqual(-0.6);
  expect(late[25]).toBeLessThan(2);
});
