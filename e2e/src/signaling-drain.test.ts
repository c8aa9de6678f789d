import { cancelDrain, requestDrain, type SignalingNodeStatus, signalingNodes } from '@weir/cluster';
import { eventually } from '@weir/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { signalingWorld } from './signaling-world.ts';

let world: Awaited<ReturnType<typeof signalingWorld>>;
beforeEach(async () => {
  world = await signalingWorld();
});
afterEach(() => world.close());

const drain = (withinMs: number) => requestDrain(world.store.leases, world.signaling.nodeId, withinMs);
const beside = (url: string | null) =>
  world.store.leases.acquire(
    'signaling-node:other',
    'other',
    60_000,
    JSON.stringify({ url, region: 'local' }),
  );

test('[SG55] clients of a drained node are sent to another one bit by bit; who does not go is cut off', async () => {
  await beside('ws://other/v1/signaling');
  const people = await Promise.all(['alice', 'bob', 'carol', 'dave'].map((name) => world.join(name)));
  await drain(4_000);
  const sent = () => people.filter(({ notices }) => notices('session.redirect').length);
  await eventually(() => sent().length > 0 || 'nobody is sent away');
  expect(sent().length).toBeLessThan(people.length);
  await eventually(() => sent().length === people.length || `${sent().length} sent away`, {
    timeoutMs: 10_000,
  });
  expect(people[0]!.notices('session.redirect')[0]!.params).toEqual({
    signaling: ['ws://other/v1/signaling'],
  });
  const late = await world.open();
  const refused = await late.call('session.join', await world.seat('late'));
  expect(refused.error?.code).toBe('going-away');
  await eventually(() => people.every(({ closed }) => closed()?.reason === 'going-away') || 'some stay', {
    timeoutMs: 12_000,
  });
});

test('[SG55] without another node everybody stays; a drain that is undone is forgotten', async () => {
  const alice = await world.join('alice');
  await drain(1_000);
  const told = async () =>
    (await signalingNodes(world.store.leases)).find(({ nodeId }) => nodeId === world.signaling.nodeId)!
      .status;
  await eventually(async () => (await told()).drain !== undefined || 'not told', { timeoutMs: 5_000 });
  expect((await told()) as SignalingNodeStatus).toMatchObject({ connections: 1 });
  expect((await world.join('bob')).answer.result).toMatchObject({ status: 'joined' });
  expect(alice.notices('session.redirect')).toEqual([]);
  await cancelDrain(world.store.leases, world.signaling.nodeId);
  await eventually(async () => (await told()).drain === undefined || 'still drained', { timeoutMs: 5_000 });
  await beside(null);
  expect((await world.join('carol')).answer.result).toMatchObject({ status: 'joined' });
  expect(alice.closed()).toBeUndefined();
});
