import { expect, test } from 'vitest';
import { RecentPackets } from './recent-packets.ts';

const packet = (n: number) => Buffer.from([n]);

test('what somebody said since they began is there once, in order', () => {
  const recent = new RecentPackets();
  for (let n = 0; n < 10; n++) recent.push(packet(n), n * 20);
  expect(recent.takeSince(120)).toEqual([6, 7, 8, 9].map(packet));
  expect(recent.takeSince(0)).toEqual([]);
});

test('it is bounded in time and in number, and can be forgotten', () => {
  const recent = new RecentPackets();
  for (let n = 0; n < 100; n++) recent.push(packet(n), n * 20);
  expect(recent.takeSince(0)).toEqual(Array.from({ length: 31 }, (_, i) => packet(69 + i)));
  for (let n = 0; n < 200; n++) recent.push(packet(n), 5_000 + n);
  expect(recent.takeSince(0)).toHaveLength(64);
  recent.push(packet(1), 6_000);
  recent.clear();
  expect(recent.takeSince(0)).toEqual([]);
});
