import { expect, test } from 'vitest';
import { RelayLoad } from './relay-load.ts';

const channel = (user: string, number: number, kind: string) =>
  `turn/realm/weir/user/1795662725:${user}/allocation/00100000000000000${number}/${kind}`;
const fresh = 'new lifetime=600, type=UDP, local=10.0.0.1:3478, remote=10.0.0.9:46995, ssl=NONE, cipher=NONE';

test('[B11] allocations are counted from their beginning to their end, by participant', () => {
  const load = new RelayLoad();
  for (const [user, number] of [
    ['p_1', 1],
    ['p_1', 2],
    ['p_2', 3],
  ] as const)
    load.take(channel(user, number, 'status'), fresh);
  load.take(channel('p_2', 3, 'status'), fresh.replace('new', 'refreshed'));
  expect([load.allocations, load.participants]).toEqual([3, 2]);
  load.take(channel('p_1', 1, 'status'), 'refreshed lifetime=0, type=UDP'); // It goes now; told as deleted next.
  load.take(channel('p_1', 1, 'status'), 'deleted');
  expect([load.allocations, load.participants]).toEqual([2, 2]);
  load.take('turn/realm/weir/something', 'else');
  load.reset();
  expect([load.allocations, load.participants]).toEqual([0, 0]);
});

test('[B11] traffic is counted once, and the rate is of the last seconds', () => {
  let now = 1_000_000;
  const load = new RelayLoad(() => now);
  load.take(channel('p_1', 1, 'traffic'), 'rcvp=10, rcvb=100000, sentp=5, sentb=50000');
  load.take(channel('p_1', 1, 'traffic/peer'), 'rcvp=10, rcvb=100000, sentp=5, sentb=50000');
  load.take(channel('p_1', 1, 'total_traffic'), 'rcvp=10, rcvb=100000, sentp=5, sentb=50000');
  expect([load.bytes, load.bitrateBps]).toEqual([150_000, 80_000]);
  now += 20_000;
  expect([load.bytes, load.bitrateBps]).toEqual([150_000, 0]);
});
