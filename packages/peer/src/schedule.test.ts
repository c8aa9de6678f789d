import { expect, test } from 'vitest';
import { Schedule } from './schedule.ts';

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('runs each entry at its own pace, on one timer', async () => {
  const schedule = new Schedule();
  const startMs = performance.now();
  const runs = new Map<number, number[]>();
  for (const everyMs of [7, 10, 25, 3]) {
    const times: number[] = [];
    runs.set(everyMs, times);
    let count = 0;
    schedule.start(startMs + everyMs, (nowMs) => {
      times.push(nowMs - startMs);
      count += 1;
      return count === 8 ? undefined : startMs + (count + 1) * everyMs;
    });
  }
  await wait(350);
  for (const [everyMs, times] of runs) {
    expect(times).toHaveLength(8);
    times.forEach((at, i) => {
      expect(at).toBeGreaterThanOrEqual((i + 1) * everyMs - 1);
    });
  }
  expect(schedule.size).toBe(0);
});

test('entries come in the order of their times', async () => {
  const schedule = new Schedule();
  const order: number[] = [];
  const startMs = performance.now() + 5;
  const dues = Array.from({ length: 200 }, (_, i) => (i * 7919) % 200);
  for (const due of dues) {
    schedule.start(startMs + due / 10, () => {
      order.push(due);
      return undefined;
    });
  }
  await wait(100);
  expect(order).toEqual([...dues].sort((a, b) => a - b));
});

test('a stopped entry runs no more, also when stopped from inside', async () => {
  const schedule = new Schedule();
  let runs = 0;
  const stop = schedule.start(performance.now() + 1, (nowMs) => {
    runs += 1;
    if (runs === 3) stop();
    return nowMs + 1;
  });
  schedule.start(performance.now() + 5, () => expect.unreachable('it was stopped') as undefined)();
  await wait(60);
  expect(runs).toBe(3);
  expect(schedule.size).toBe(0);
});

test('an earlier entry moves the timer forward', async () => {
  const schedule = new Schedule();
  let soon = false;
  const stop = schedule.start(performance.now() + 60_000, () => undefined);
  schedule.start(performance.now() + 5, () => {
    soon = true;
    return undefined;
  });
  await wait(60);
  expect(soon).toBe(true);
  stop();
});
