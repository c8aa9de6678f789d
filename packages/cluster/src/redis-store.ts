import type { Logger } from '@weir/core';
import { silentLogger } from '@weir/core';
import { limits } from '@weir/protocol';
import type { ClusterStore } from './cluster-store.ts';
import { RedisConnection } from './redis-connection.ts';
import { RedisLeases } from './redis-leases.ts';
import { RedisRoomLog } from './redis-room-log.ts';

export type RedisStoreOptions = {
  /** `redis://` or `rediss://` of one server, or of some nodes of a Redis Cluster. */
  urls: string[];
  cluster?: boolean;
  /** Before every key: several fleets may share a server. */
  prefix?: string;
  /** Records kept of a room. */
  keepEvents?: number;
  logger?: Logger;
};

/** The cluster store of a fleet: Redis 7 or Valkey. Rejects with `connection-lost` when it cannot be reached. */
export async function redisStore(options: RedisStoreOptions): Promise<ClusterStore> {
  const { urls, cluster = false, prefix = 'weir:', keepEvents = limits.roomLogEvents } = options;
  const logger = options.logger ?? silentLogger;
  const redis = await RedisConnection.open({ urls, cluster, logger });
  const leases = new RedisLeases(redis, prefix);
  const rooms = new RedisRoomLog({
    redis,
    leases,
    prefix,
    keepEvents,
    onListenerError: (error, roomId) =>
      logger.error({ err: error, roomId }, 'a follower of the room log threw'),
  });
  return {
    rooms,
    leases,
    async close() {
      rooms.close();
      redis.close();
    },
  };
}
