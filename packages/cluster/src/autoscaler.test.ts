import { silentLogger } from '@weir/core';
import { eventually } from '@weir/testing';
import { expect, onTestFinished, test } from 'vitest';
import { defaultScalePolicy } from './autoscale.ts';
import { Autoscaler, type NodeDriver } from './autoscaler.ts';
import { drainOf } from './drain.ts';
import { memoryStore } from './memory-store.ts';
import { relayKey } from './nodes.ts';

test('[A9] relays follow their allocations; one that is drained is stopped at the deadline, its clients find others', async () => {
  const { leases } = memoryStore();
  const allocations = new Map<string, number>();
  const tell = async (nodeId: string) => {
    const drain = await drainOf(leases, nodeId);
    const use = { allocations: allocations.get(nodeId), allocationsAtMost: 100, working: true };
    const status = { region: 'eu', ...use, ...(drain ? { drain } : {}) };
    await leases.acquire(relayKey(nodeId), nodeId, 60_000, JSON.stringify(status));
  };
  const telling = setInterval(() => void [...allocations.keys()].map(tell), 20);
  onTestFinished(() => clearInterval(telling));
  const driver: NodeDriver = {
    list: async () => [...allocations.keys()],
    start: async (nodeId) => void allocations.set(nodeId, 0),
    stop: async (nodeId) => {
      allocations.delete(nodeId);
      const held = await leases.get(relayKey(nodeId));
      if (held) await leases.release(held);
    },
  };
  const scaler = new Autoscaler({
    leases,
    driver,
    role: 'relay',
    region: 'eu',
    policy: { ...defaultScalePolicy, upEveryMs: 100, downAfterMs: 300 },
    drainMs: 200,
    lookEveryMs: 50,
    logger: silentLogger,
  });
  onTestFinished(() => scaler.close());
  const relays = () => [...allocations.keys()];
  await eventually(() => relays().length === 1 || 'no relay yet');
  allocations.set(relays()[0]!, 80);
  await eventually(() => relays().length >= 2 || 'no second relay');

  for (const relay of relays()) allocations.set(relay, 5); // They never go by themselves.
  await eventually(() => relays().length === 1 || `${relays().length} relays`, { timeoutMs: 15_000 });
  expect(await drainOf(leases, relays()[0]!)).toBeUndefined();
}, 30_000);
