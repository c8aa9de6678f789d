import { expect, test } from 'vitest';
import { TrafficAlarm } from './traffic-alarm.ts';

/** What is passed on of a pause of half a second that begins at each of these seconds. */
function pauses(alarm: TrafficAlarm, seconds: number[]): boolean[] {
  return seconds.map((second) => {
    const told = alarm.hear('silent', second * 1_000) === 'silent';
    alarm.hear('alive', second * 1_000 + 500);
    return told;
  });
}

test('after a false alarm there is none for five seconds, then for ten, …', () =>
  expect(pauses(new TrafficAlarm(), [0, 3, 6, 12, 17, 40])).toEqual([true, false, true, false, true, true]));

test('a pause that was passed over makes the calm no longer', () =>
  expect(pauses(new TrafficAlarm(), [0, 1, 2, 3, 4, 6])).toEqual([true, false, false, false, false, true]));

test('after one that was right the next counts at once', () => {
  const alarm = new TrafficAlarm();
  expect(pauses(alarm, [0, 3])).toEqual([true, false]);
  alarm.confirm();
  expect(pauses(alarm, [4, 5, 6])).toEqual([true, true, false]);
});

test('where the network is another one the next counts, and the calm after it is as long', () => {
  const alarm = new TrafficAlarm();
  expect(pauses(alarm, [0])).toEqual([true]);
  alarm.arm();
  expect(pauses(alarm, [1, 8, 12])).toEqual([true, false, true]);
});
