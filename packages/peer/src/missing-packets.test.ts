import { expect, test } from 'vitest';
import { MissingPackets } from './missing-packets.ts';

test('asks after some patience, again after a while, and gives up', () => {
  const missing = new MissingPackets({ patienceMs: 5, giveUpMs: 300 });
  expect(missing.add(10, 13, 0)).toBe(true);
  expect(missing.takeDue(4)).toEqual([]);
  expect(missing.takeDue(5)).toEqual([10, 11, 12]);
  expect(missing.takeDue(6)).toEqual([]);
  expect(missing.received(11, 30)).toBe(true);
  expect(missing.received(11, 31)).toBe(false);
  expect(missing.takeDue(150)).toEqual([10, 12]);
  expect(missing.giveUp(299)).toBeUndefined();
  expect(missing.giveUp(300)).toBe(13);
  expect(missing.size).toBe(0);
});

test('learns the round trip from first answers', () => {
  const missing = new MissingPackets();
  for (let i = 0; i < 60; i++) {
    missing.add(i, i + 1, i * 1000);
    missing.takeDue(i * 1000 + 10);
    missing.received(i, i * 1000 + 130);
  }
  expect(missing.rttMs).toBeCloseTo(120, 0);
});

test('more than it can hold are all given up', () => {
  const missing = new MissingPackets({ capacity: 10 });
  expect(missing.add(0, 8, 0)).toBe(true);
  expect(missing.add(20, 24, 0)).toBe(false);
  expect(missing.size).toBe(0);
});

test('forgets what no longer matters', () => {
  const missing = new MissingPackets();
  missing.add(5, 9, 0);
  missing.forgetBefore(7);
  expect(missing.takeDue(1000)).toEqual([7, 8]);
});
