import { expect, test } from 'vitest';
import { memoryStore } from './memory-store.ts';
import { mediaNodeKey, relayKey } from './nodes.ts';
import { mediaScaled, relayScaled, scaledNodes } from './scaled-nodes.ts';

test('a media node’s load is that of what is scarcest', () => {
  const of = (status: object) => mediaScaled({ nodeId: 'a', status }).load;
  expect(of({ busy: 0.2, use: { egress: 0.7, packets: 0.1 } })).toBe(0.7);
  expect(of({ sessions: 9, sessionsAtMost: 10 })).toBe(0.9);
  expect(of({})).toBe(0);
});

test('a relay’s load is that of its allocations; one without its coturn is full', () => {
  const of = (status: object) => relayScaled({ nodeId: 'a', status }).load;
  expect(of({ allocations: 30, allocationsAtMost: 100, working: true })).toBe(0.3);
  expect(of({ allocations: 0, allocationsAtMost: 100, working: false })).toBe(1);
  expect(of({})).toBe(0);
});

test('the nodes of one role and one region', async () => {
  const { leases } = memoryStore();
  const tell = (key: string, status: object) => leases.acquire(key, 'owner', 10_000, JSON.stringify(status));
  await tell(mediaNodeKey('m-eu'), { region: 'eu', sessions: 3 });
  await tell(mediaNodeKey('m-us'), { region: 'us', sessions: 4 });
  await tell(relayKey('r-eu'), { region: 'eu', allocations: 5, allocationsAtMost: 10, working: true });
  expect(await scaledNodes(leases, 'media', 'eu')).toMatchObject([{ nodeId: 'm-eu', left: 3 }]);
  expect(await scaledNodes(leases, 'relay', 'eu')).toMatchObject([{ nodeId: 'r-eu', left: 5, load: 0.5 }]);
  expect(await scaledNodes(leases, 'relay', 'us')).toEqual([]);
});
