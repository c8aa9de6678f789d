import { type ClusterStore, memoryStore } from '@weir/cluster';
import { silentLogger } from '@weir/core';
import { onTestFinished } from 'vitest';
import { type SfuConfig, type SfuService, startSfu } from './sfu-service.ts';

/** A media node on loopback for one test, with a control port. */
export async function startTestSfu(
  options: { store?: ClusterStore; config?: Partial<SfuConfig> } = {},
): Promise<SfuService> {
  const sfu = await startSfu({
    config: {
      nodeId: 'node-1',
      workers: 1,
      listen: [{ ip: '127.0.0.1' }],
      firstPort: 0,
      control: { host: '127.0.0.1', port: 0, secret: 'the cluster secret' },
      ...options.config,
    },
    store:
      options.store ?? storeWith('room', ['alice', 'bob', ...Array.from({ length: 40 }, (_, i) => `p-${i}`)]),
    logger: silentLogger,
  });
  onTestFinished(() => sfu.stop());
  return sfu;
}

/** A store that knows a room and who is in it. */
export function storeWith(roomId: string, participantIds: string[]): ClusterStore {
  const store = memoryStore();
  onTestFinished(() => store.close());
  const sessions = participantIds.map((participantId) => [`session:${participantId}`, { participantId }]);
  void store.rooms.commit(roomId, { set: Object.fromEntries(sessions) });
  return store;
}
