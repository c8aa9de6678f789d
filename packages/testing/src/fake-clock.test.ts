import { expect, test } from 'vitest';
import { FakeClock } from './fake-clock.ts';

test('runs what falls due in order of time, then of entry, each at its own time', async () => {
  const clock = new FakeClock(1000);
  const ran: string[] = [];
  const note = (name: string) => () => ran.push(`${name}@${clock.now()}`);
  clock.after(30, note('c'));
  clock.after(10, note('a'));
  clock.after(10, note('b'));
  const cancel = clock.after(20, note('cancelled'));
  cancel();
  await clock.advance(29);
  expect(ran).toEqual(['a@1010', 'b@1010']);
  expect([clock.now(), clock.pending]).toEqual([1029, 1]);
  await clock.advance(1);
  expect(ran.at(-1)).toBe('c@1030');
});

test('a timer and a promise chain started by a timer count within the same advance', async () => {
  const clock = new FakeClock(0);
  const ran: number[] = [];
  clock.after(10, async () => {
    for (let i = 0; i < 20; i++) await null;
    clock.after(10, () => ran.push(clock.now()));
  });
  await clock.advance(25);
  expect(ran).toEqual([20]);
});

test('timers that start each other for ever are reported', async () => {
  const clock = new FakeClock();
  const again = () => void clock.after(0, again);
  again();
  await expect(clock.advance(1)).rejects.toThrow(/start each other/);
});
