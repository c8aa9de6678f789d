import { randomUUID } from 'node:crypto';
import { createClient } from '@redis/client';
import { type Logger, silentLogger, sleep } from '@weir/core';
import { RoomSettings } from '@weir/protocol';
import { hasRedis, type RedisServer, startRedis, startRedisCluster } from '@weir/testing';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { leasesContract, type MakeStore, roomLogContract } from './contract.ts';
import { redisStore } from './redis-store.ts';
import type { RoomRecord } from './room-log.ts';
import { Rooms } from './rooms.ts';

/** Leases end by the clock of Redis; a timer here counts from when its turn of the event loop began, so may be early. */
const advance = (ms: number) => sleep(ms + 20);

describe.skipIf(!hasRedis)('on Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  }, 60_000);
  afterAll(() => server?.remove());

  /** A fleet of its own on the shared server. */
  const open = (options: { keepEvents?: number; prefix?: string; logger?: Logger } = {}) =>
    redisStore({ urls: [server.url], prefix: `${randomUUID()}:`, ...options });
  const makeStore: MakeStore = async (options) => ({
    store: await redisStore({ urls: [server.url], prefix: `${randomUUID()}:`, ...options }),
    advance,
  });
  roomLogContract('Redis', makeStore);
  leasesContract('Redis', makeStore);

  test('a server that is not there is told at once, as something to try again', async () => {
    const refused = redisStore({ urls: ['redis://127.0.0.1:1'], logger: silentLogger });
    await expect(refused).rejects.toMatchObject({ code: 'connection-lost', retryable: true });
  });

  test('two nodes see each other’s changes in the same order', async () => {
    const prefix = `${randomUUID()}:`;
    const [one, other] = [await open({ prefix }), await open({ prefix })];
    await one.rooms.commit('r', { set: { n: 0 } });
    const seen: number[][] = [[], []];
    await one.rooms.follow('r', ({ revision }) => seen[0]!.push(revision));
    await other.rooms.follow('r', ({ revision }) => seen[1]!.push(revision));
    await Promise.all(
      Array.from({ length: 40 }, (_, n) => (n % 2 ? one : other).rooms.commit('r', { set: { n } })),
    );
    await vi.waitFor(() => expect([seen[0]!.length, seen[1]!.length]).toEqual([40, 40]));
    expect(seen[0]).toEqual(seen[1]);
    expect(seen[0]).toEqual(Array.from({ length: 40 }, (_, i) => i + 2));
    expect(await other.rooms.list()).toEqual(['r']);
    await Promise.all([one.close(), other.close()]);
  });

  test('what cannot be read is refused with an error of its own and counted; all else goes on', async () => {
    const prefix = `${randomUUID()}:`;
    const told: unknown[] = [];
    const logger = {
      ...silentLogger,
      error: (fields: unknown) => void told.push(fields),
    } as typeof silentLogger;
    const store = await open({ prefix, logger });
    const redis = createClient({ url: server.url });
    await redis.connect();
    const room = (name: string, part: string) => `${prefix}{room:${name}}:${part}`;
    for (const name of ['damaged', 'foreign', 'well']) await store.rooms.commit(name, { set: { n: 1 } });
    await redis.hSet(room('damaged', 'state'), 'e:n', '1:{no json');
    await redis.del(room('foreign', 'state'));
    await redis.set(room('foreign', 'state'), 'a text');
    const refused = { code: 'store-unreadable' };
    for (const name of ['damaged', 'foreign']) {
      await expect(store.rooms.read(name)).rejects.toMatchObject(refused);
      await expect(store.rooms.follow(name, () => {})).rejects.toMatchObject(refused);
    }
    await expect(store.rooms.commit('foreign', { set: { n: 2 } })).rejects.toMatchObject(refused);
    await store.leases.acquire('node:a', 'a', 60_000);
    await store.leases.acquire('node:b', 'b', 60_000);
    await redis.hSet(`${prefix}{lease:node:a}`, 'fence', 'many');
    expect((await store.leases.list('node:')).map(({ key }) => key)).toEqual(['node:b']);
    const seen: number[] = [];
    await store.rooms.follow('well', ({ revision }) => seen.push(revision));
    await redis.sPublish(`${prefix}{room:well}`, 'no record');
    await store.rooms.commit('well', { set: { n: 2 } });
    await vi.waitFor(() => expect(seen).toEqual([2]));
    expect(store.unreadable).toBeGreaterThanOrEqual(7);
    expect(told).toHaveLength(4); // Each key once a minute.
    await redis.close();
    await store.close();
  });

  test('a store in the layout of a newer version that this one may work beside is taken as it is, others are refused', async () => {
    const redis = createClient({ url: server.url });
    await redis.connect();
    const layout = async (text: string) => {
      const prefix = `${randomUUID()}:`;
      await redis.set(`${prefix}layout`, text);
      const store = await open({ prefix });
      await store.close();
      return redis.get(`${prefix}layout`);
    };
    expect(JSON.parse((await layout('{"version":2,"readableBy":1}'))!)).toEqual({
      version: 2,
      readableBy: 1,
    });
    const refused = { code: 'unsupported-version' };
    for (const text of ['{"version":3,"readableBy":2}', '{"version":0,"readableBy":0}', 'ok', '{}'])
      await expect(layout(text)).rejects.toMatchObject(refused);
    await redis.close();
  });

  test('a writer that slept through its lease is refused by the room itself', async () => {
    const prefix = `${randomUUID()}:`;
    const store = await open({ prefix });
    const asleep = (await store.leases.acquire('owner', 'x', 200))!;
    await sleep(250);
    const awake = (await store.leases.acquire('owner', 'y', 60_000))!;
    expect(awake.fence).toBeGreaterThan(asleep.fence);
    await store.rooms.commit('r', { fence: { lease: 'owner', fence: awake.fence }, set: { by: 'y' } });
    // It looked its lease up just before it fell asleep.
    vi.spyOn(store.leases, 'get').mockResolvedValue(asleep);
    const late = store.rooms.commit('r', {
      fence: { lease: 'owner', fence: asleep.fence },
      set: { by: 'x' },
    });
    await expect(late).rejects.toMatchObject({ code: 'fenced' });
    expect((await store.rooms.read('r'))?.entries.get('by')?.value).toBe('y');
    await store.close();
  });
});

describe.skipIf(!hasRedis)('on a Redis that goes away', () => {
  test('calls fail at once and come back; what was missed meanwhile is told in order', async () => {
    const server = await startRedis();
    const prefix = 'weir:';
    const [store, other] = await Promise.all([1, 2].map(() => redisStore({ urls: [server.url], prefix })));
    const seen: RoomRecord[] = [];
    await store!.rooms.commit('r', { set: { n: 0 } });
    await store!.rooms.follow('r', (record) => seen.push(record));
    await server.pause();
    await expect(store!.rooms.commit('r', { set: { n: 1 } })).rejects.toMatchObject({
      code: 'connection-lost',
    });
    await server.resume();
    await vi.waitFor(
      async () => expect(await other!.rooms.commit('r', { set: { n: 2 } })).toMatchObject({ ok: true }),
      {
        timeout: 15_000,
      },
    );
    const { revision } = (await other!.rooms.read('r'))!;
    await vi.waitFor(() => expect(seen.at(-1)?.revision).toBe(revision), { timeout: 15_000 });
    expect(seen.map((record) => record.revision)).toEqual(
      Array.from({ length: revision - 1 }, (_, i) => i + 2),
    );
    await Promise.all([store!.close(), other!.close()]);
    await server.remove();
  }, 60_000);

  test('when it lost its data the view of a room is lost, not left behind', async () => {
    const server = await startRedis();
    const store = await redisStore({ urls: [server.url] });
    const rooms = new Rooms(store.rooms);
    await rooms.ensureRoom('r', RoomSettings.parse({}));
    const view = await rooms.view('r', new AbortController().signal);
    await server.halt();
    await server.start();
    await vi.waitFor(() => expect(view.closeReason).toBe('lost'), { timeout: 15_000 });
    await vi.waitFor(async () => expect(await store.rooms.list()).toEqual([]), { timeout: 15_000 });
    await store.close();
    await server.remove();
  }, 60_000);
});

describe.skipIf(!hasRedis)('on a Redis Cluster', () => {
  let cluster: Awaited<ReturnType<typeof startRedisCluster>>;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 90_000);
  afterAll(() => cluster?.remove());

  const makeStore: MakeStore = async (options) => ({
    store: await redisStore({ urls: cluster.urls, cluster: true, prefix: `${randomUUID()}:`, ...options }),
    advance,
  });
  roomLogContract('Redis Cluster', makeStore);
  leasesContract('Redis Cluster', makeStore);
});
