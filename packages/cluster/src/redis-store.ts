import type { Logger } from '@weir/core';
import { silentLogger } from '@weir/core';
import { limits } from '@weir/protocol';
import type { ClusterStore } from './cluster-store.ts';
import { RedisConnection } from './redis-connection.ts';
import { RedisLeases } from './redis-leases.ts';
import { RedisRoomLog } from './redis-room-log.ts';
import { joinLayout, parseLayout } from './store-layout.ts';
import { Unreadable } from './unreadable.ts';

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

/**
 * The cluster store of a fleet: Redis 7 or Valkey. Rejects with `connection-lost` when it cannot be reached, and with
 * `unsupported-version` when what is in it is of a version that this one cannot work beside.
 */
export async function redisStore(options: RedisStoreOptions): Promise<ClusterStore> {
  const { urls, cluster = false, prefix = 'weir:', keepEvents = limits.roomLogEvents } = options;
  const logger = options.logger ?? silentLogger;
  const redis = await RedisConnection.open({ urls, cluster, logger });
  await joinStore(redis, `${prefix}layout`).catch((error) => {
    redis.close();
    throw error;
  });
  const unreadable = new Unreadable(logger);
  const leases = new RedisLeases(redis, prefix, unreadable);
  const rooms = new RedisRoomLog({
    redis,
    leases,
    prefix,
    keepEvents,
    unreadable,
    onListenerError: (error, roomId) =>
      logger.error({ err: error, roomId }, 'a follower of the room log threw'),
  });
  return {
    rooms,
    leases,
    get unreadable() {
      return unreadable.count;
    },
    async close() {
      rooms.close();
      redis.close();
    },
  };
}

async function joinStore(redis: RedisConnection, key: string): Promise<void> {
  const found = parseLayout(await redis.text(key));
  const layout = joinLayout(found);
  if (layout !== found) await redis.setText(key, JSON.stringify(layout));
}
