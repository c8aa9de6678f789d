import { RoomSettings } from '@weir/protocol';
import { type PostgresServer, postgresPrograms, startPostgres } from '@weir/testing';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { databaseContract } from './database.contract.ts';
import { openDatabase } from './database.ts';

const programs = postgresPrograms();
const why = programs ? '' : ' (skipped: no Postgres server of a Debian package is installed)';

describe.skipIf(!programs)(`with a Postgres server${why}`, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres(programs!);
  }, 60_000);
  afterAll(() => server.remove());

  databaseContract('server', async () => ({
    database: await openDatabase({ url: server.url }),
    again: () => openDatabase({ url: server.url }),
    stop: async () => {},
  }));

  test('nodes that start together on an empty database migrate it once', async () => {
    const admin = postgres(server.url, { max: 1 });
    await admin`create database fleet`;
    const url = server.url.replace(/postgres$/, 'fleet');
    const nodes = await Promise.all(Array.from({ length: 5 }, () => openDatabase({ url })));
    const keys = await Promise.all(nodes.map((node) => node.apiKeys.ensureFirst()));
    expect(new Set(keys.map(({ id }) => id)).size).toBe(1);
    expect(keys.filter(({ isNew }) => isNew)).toHaveLength(1);
    await Promise.all(nodes.map((node) => node.close()));
    await admin.end({ timeout: 1 });
  });

  test('settings are an object in the database, for who queries it directly', async () => {
    const database = await openDatabase({ url: server.url });
    await database.rooms.put('json', RoomSettings.parse({ metadata: 'm' }));
    const admin = postgres(server.url, { max: 1 });
    expect(
      await admin`select settings->>'metadata' as metadata from rooms where room_id = 'json'`,
    ).toMatchObject([{ metadata: 'm' }]);
    await admin.end({ timeout: 1 });
    await database.close();
  });

  test('says that the server is away, and works again when it is back', async () => {
    const database = await openDatabase({ url: server.url });
    const key = await database.apiKeys.create();
    await server.halt();
    const away = { code: 'connection-lost', retryable: true };
    await expect(database.apiKeys.find(key.id)).rejects.toMatchObject(away);
    await expect(openDatabase({ url: server.url })).rejects.toMatchObject(away);
    await server.start();
    expect(await database.apiKeys.find(key.id)).toEqual(key);
    await database.close();
  });
});

test('an address that is none', async () => {
  await expect(openDatabase({ url: 'not a url' })).rejects.toMatchObject({ code: 'bad-request' });
});
