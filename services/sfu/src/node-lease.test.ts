import { type Lease, type Leases, mediaNodeKey, memoryStore, NodeLease } from '@weir/cluster';
import { silentLogger } from '@weir/core';
import { NoticeLog } from '@weir/media/testing';
import { rtpCapabilities } from '@weir/peer';
import { eventually } from '@weir/testing';
import { expect, onTestFinished, test } from 'vitest';
import { startTestSfu, storeWith } from './sfu.fixture.ts';

const key = mediaNodeKey('node-1');
const status = () => ({ startedAt: 1, address: null, region: 'local', sessions: 0, streams: 0, busy: 0 });

async function take(leases: Leases) {
  const lease = await NodeLease.take(leases, key, { status, logger: silentLogger });
  onTestFinished(() => lease.release());
  return lease;
}

test('a service tells its address and load, and takes its place away when it stops', async () => {
  const store = storeWith('room', ['alice']);
  const sfu = await startTestSfu({ store, config: { limits: { consumers: 100 } } });
  const told = async () => JSON.parse((await store.leases.get(key))!.value);
  expect(await told()).toEqual({
    startedAt: expect.any(Number),
    address: sfu.controlUrl,
    region: 'local',
    sessions: 0,
    streams: 0,
    busy: 0,
    egressBps: 0,
    packetsPerSecond: expect.any(Number),
    consumers: 0,
    use: { cpu: 0, consumers: 0 },
    reach: { tried: 0, failed: 0, byTcp: 0 },
  });
  const { calls } = sfu.open(new NoticeLog().listener);
  const alice = { roomId: 'room', participantId: 'alice', rtpCapabilities: rtpCapabilities() };
  await calls['session.open']({ ...alice, send: true, receive: true });
  await eventually(async () => (await told()).sessions === 1 || 'the load is not told');
  await sfu.stop();
  expect(await store.leases.get(key)).toBeUndefined();
});

test('the lease stays for as long as the node lives', async () => {
  const { leases } = memoryStore();
  await take(leases);
  const before = (await leases.get(key))!;
  await new Promise((resolve) => setTimeout(resolve, 3_500));
  expect(await leases.get(key)).toMatchObject({ owner: before.owner, fence: before.fence });
});

test('a second process of the same node is refused', async () => {
  const { leases } = memoryStore();
  await take(leases);
  await expect(take(leases)).rejects.toMatchObject({ code: 'conflict' });
});

test('a node that starts again waits for its earlier lease to run out', async () => {
  const { leases } = memoryStore();
  await leases.acquire(key, 'the process before', 1_000);
  const lease = await take(leases);
  expect(lease.closed).toBe(false);
  expect((await leases.get(key))!.fence).toBe(2);
});

test('an outage of the store is sat out; a lease that ran out meanwhile is taken again', async () => {
  const { leases } = memoryStore();
  let out = false;
  const flaky: Leases = {
    acquire: (...args) => leases.acquire(...args),
    renew: (...args) => (out ? Promise.reject(new Error('out of reach')) : leases.renew(...args)),
    release: (lease) => leases.release(lease),
    get: (name) => leases.get(name),
    list: (prefix) => leases.list(prefix),
  };
  const lease = await take(flaky);
  out = true;
  await eventually(async () => !(await leases.get(key)) || 'it still lives', { timeoutMs: 6_000 });
  expect(lease.closed).toBe(false);
  out = false;
  await eventually(async () => (await leases.get(key)) !== undefined || 'not taken again');
});

test('a node whose id another process has taken stops', async () => {
  const store = storeWith('room', []);
  const sfu = await startTestSfu({ store });
  await store.leases.release((await store.leases.get(key)) as Lease);
  await store.leases.acquire(key, 'another process', 60_000);
  await eventually(() => sfu.closed || 'it goes on');
  expect(sfu.node.closed).toBe(true);
});
