import { type Clock, type Logger, systemClock } from '@weir/core';
import { limits } from '@weir/protocol';
import type { ClusterStore } from './cluster-store.ts';
import { MemoryLeases } from './memory-leases.ts';
import { MemoryRoomLog } from './memory-room-log.ts';

export type MemoryStoreOptions = {
  clock?: Clock;
  /** Records kept of a room. */
  keepEvents?: number;
  /** Hears of followers that throw; without one their errors go to the host, like those of an Emitter's listeners. */
  logger?: Logger;
};

/** The cluster store of a fleet that is one process; it ends with the process. */
export function memoryStore(options: MemoryStoreOptions = {}): ClusterStore {
  const { clock = systemClock, keepEvents = limits.roomLogEvents, logger } = options;
  const leases = new MemoryLeases(clock);
  const rooms = new MemoryRoomLog({
    clock,
    keepEvents,
    isHeld: (lease, fence) => leases.isHeld(lease, fence),
    onListenerError(error, roomId) {
      if (logger) logger.error({ err: error, roomId }, 'a follower of the room log threw');
      else
        queueMicrotask(() => {
          throw error;
        });
    },
  });
  return { rooms, leases, unreadable: 0, close: async () => rooms.clear() };
}
