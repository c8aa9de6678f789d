import { FakeClock } from '@weir/testing';
import { expect, test } from 'vitest';
import { Drain } from './drain.ts';

function startDrain() {
  const clock = new FakeClock();
  const told: string[] = [];
  const drain = new Drain(clock, { over: () => told.push('over'), settled: () => told.push('settled') });
  return { clock, told, drain };
}

test('nothing is sent for 400 ms, and that nothing flows means nothing until the engine has taken up a layer again', async () => {
  const { clock, told, drain } = startDrain();
  drain.begin();
  expect([drain.isOn, drain.isQuiet]).toEqual([true, true]);
  await clock.advance(400);
  expect([drain.isOn, drain.isQuiet, ...told]).toEqual([false, true, 'over']);
  await clock.advance(800);
  expect([drain.isOn, drain.isQuiet, ...told]).toEqual([false, false, 'over', 'settled']);
});

test('one that has just been is not begun again', async () => {
  const { clock, drain } = startDrain();
  drain.begin();
  await clock.advance(3_900);
  drain.begin();
  expect(drain.isOn).toBe(false);
  await clock.advance(100);
  drain.begin();
  expect(drain.isOn).toBe(true);
});

test('it ends with its owner', async () => {
  const { clock, told, drain } = startDrain();
  drain.begin();
  drain.close();
  await clock.advance(5_000);
  expect([clock.pending, ...told]).toEqual([0]);
});
