import { type Clock, silentLogger } from '@weir/core';
import { expect, test } from 'vitest';
import { leasesContract, type MakeStore, roomLogContract } from './contract.ts';
import { memoryStore } from './memory-store.ts';

const makeStore: MakeStore = async (options) => {
  let now = 1_000_000;
  const clock: Clock = { now: () => now, after: () => () => {} };
  const advance = async (ms: number) => {
    now += ms;
  };
  return { store: memoryStore({ ...options, clock }), advance };
};

roomLogContract('memory', makeStore);
leasesContract('memory', makeStore);

test('a record is with the followers before its commit resolves', async () => {
  const { rooms } = memoryStore();
  await rooms.commit('r', { set: { a: 1 } });
  const seen: number[] = [];
  await rooms.follow('r', ({ revision }) => seen.push(revision));
  await rooms.commit('r', { set: { a: 2 } });
  expect(seen).toEqual([2]);
});

test('leases that nobody asks for again do not pile up', async () => {
  let now = 0;
  const clock: Clock = { now: () => now, after: () => () => {} };
  const { leases } = memoryStore({ clock });
  for (let n = 0; n < 20_000; n++) {
    now += 10;
    await leases.acquire(`recording:${n}`, 'x', 1_000);
  }
  now -= 200_000; // Back to when all were live: what is listed now is what is still in memory.
  expect((await leases.list('')).length).toBeLessThan(1_000);
});

test('ten thousand sessions in a hundred rooms with a follower each: well under a millisecond a change', async () => {
  const { rooms } = memoryStore({ logger: silentLogger });
  let heard = 0;
  const started = performance.now();
  for (let n = 0; n < 10_000; n++) {
    const roomId = `room${n % 100}`;
    const session = { participantId: `p${n}`, grants: { publish: true }, metadata: 'x'.repeat(200) };
    await rooms.commit(roomId, {
      set: { [`session:p${n}`]: session, [`participant:p${n}`]: session },
      atMost: { prefix: 'participant:', count: 1_000 },
    });
    if (n < 100) await rooms.follow(roomId, () => heard++);
  }
  expect(heard).toBe(9_900);
  expect((performance.now() - started) / 10_000).toBeLessThan(0.5);
});
