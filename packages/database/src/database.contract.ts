import { RoomSettings } from '@weir/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from './database.ts';

/** `again` opens the same database a second time, as another process of a fleet or a later one would. */
export type DatabaseUnderTest = {
  database: Database;
  again: () => Promise<Database>;
  stop: () => Promise<void>;
};

/** What both drivers must do. */
export function databaseContract(name: string, setUp: () => Promise<DatabaseUnderTest>): void {
  describe(`database: ${name}`, () => {
    let underTest: DatabaseUnderTest;
    let database: Database;
    beforeAll(async () => {
      underTest = await setUp();
      database = underTest.database;
    }, 90_000);
    afterAll(async () => {
      await database.close();
      await underTest.stop();
    });
    beforeEach(async () => {
      for (const { id } of await database.apiKeys.list()) await database.apiKeys.revoke(id);
      for (const { roomId } of await database.rooms.list({ limit: 1_000 }))
        await database.rooms.delete(roomId);
    });

    const settings = RoomSettings.parse({ lobby: true, metadata: '{"ward":"3"} ü 🏥' });

    test('the first API key is made once and then found', async () => {
      const first = await database.apiKeys.ensureFirst();
      expect(first).toEqual({
        id: expect.stringMatching(/^wk_/),
        secret: expect.stringMatching(/^ws_/),
        isNew: true,
      });
      expect(await database.apiKeys.ensureFirst()).toEqual({ ...first, isNew: false });
      await database.apiKeys.create();
      expect(await database.apiKeys.ensureFirst(), 'the oldest').toEqual({ ...first, isNew: false });
    });

    test('many who want the first API key at once get one', async () => {
      const keys = await Promise.all(Array.from({ length: 8 }, () => database.apiKeys.ensureFirst()));
      expect(new Set(keys.map(({ id }) => id)).size).toBe(1);
      expect(keys.filter(({ isNew }) => isNew)).toHaveLength(1);
    });

    test('an API key is good until it is revoked', async () => {
      const key = await database.apiKeys.create();
      const other = await database.apiKeys.create();
      expect(await database.apiKeys.find(key.id)).toEqual(key);
      expect(await database.apiKeys.find('wk_nobody')).toBeUndefined();
      expect(await database.apiKeys.revoke(key.id)).toBe(true);
      expect(await database.apiKeys.find(key.id)).toBeUndefined();
      expect(await database.apiKeys.find(other.id)).toEqual(other);
      expect(await database.apiKeys.revoke(key.id), 'again').toBe(false);
      expect(await database.apiKeys.revoke('wk_nobody')).toBe(false);
      expect(await database.apiKeys.ensureFirst()).toEqual({ ...other, isNew: false });
    });

    test('lists API keys, revoked ones too, oldest first, without secrets', async () => {
      const before = (await database.apiKeys.list()).length;
      const started = Date.now();
      const [a, b] = [await database.apiKeys.create(), await database.apiKeys.create()];
      await database.apiKeys.revoke(a.id);
      const listed = (await database.apiKeys.list()).slice(before);
      expect(listed).toEqual([
        { id: a.id, createdAt: expect.any(Number), revokedAt: expect.any(Number) },
        { id: b.id, createdAt: expect.any(Number), revokedAt: null },
      ]);
      expect(Math.abs(listed[0]!.createdAt - started)).toBeLessThan(10_000);
    });

    test('a room is set up, changed and deleted', async () => {
      expect(await database.rooms.get('ward-3')).toBeUndefined();
      const made = await database.rooms.put('ward-3', settings);
      expect(made).toEqual({
        roomId: 'ward-3',
        settings,
        createdAt: made.updatedAt,
        updatedAt: made.createdAt,
      });
      expect(await database.rooms.get('ward-3')).toEqual(made);

      await new Promise((resolve) => setTimeout(resolve, 5));
      const changed = await database.rooms.put('ward-3', { ...settings, lobby: false });
      expect(changed).toMatchObject({ settings: { lobby: false }, createdAt: made.createdAt });
      expect(changed.updatedAt).toBeGreaterThan(made.updatedAt);
      expect(await database.rooms.get('ward-3')).toEqual(changed);

      expect(await database.rooms.delete('ward-3')).toBe(true);
      expect(await database.rooms.delete('ward-3')).toBe(false);
      expect(await database.rooms.get('ward-3')).toBeUndefined();
    });

    test('a room is created once, and updated where it is there', async () => {
      expect(await database.rooms.update('ward-4', { lobby: true })).toBeUndefined();
      const made = await Promise.all([1, 2].map(() => database.rooms.create('ward-4', settings)));
      expect(made.filter(Boolean)).toHaveLength(1);
      await Promise.all([
        database.rooms.update('ward-4', { lobby: false }),
        database.rooms.update('ward-4', { maxParticipants: 3 }),
      ]);
      const expected = { ...settings, lobby: false, maxParticipants: 3 };
      expect((await database.rooms.get('ward-4'))?.settings).toEqual(expected);
      expect((await database.rooms.update('ward-4', {}))?.settings).toEqual(expected);
    });

    test('lists rooms by name, page by page', async () => {
      const names = ['Zebra', 'alpha', 'a-b', 'ab', 'élan', 'ward-10', 'ward-9'];
      await Promise.all(names.map((roomId) => database.rooms.put(roomId, settings)));
      const seen: string[] = [];
      for (let after = ''; ; after = seen.at(-1)!) {
        const page = await database.rooms.list({ after, limit: 3 });
        seen.push(...page.map(({ roomId }) => roomId));
        if (page.length < 3) break;
      }
      expect(seen).toEqual(['Zebra', 'a-b', 'ab', 'alpha', 'ward-10', 'ward-9', 'élan']);
    });

    test('names are data, not SQL', async () => {
      const roomId = `x'; drop table "rooms"; --`;
      await database.rooms.put(roomId, settings);
      expect((await database.rooms.get(roomId))?.settings).toEqual(settings);
    });

    test('an error says what was tried, without secrets', async () => {
      await database.rooms.put('there', settings);
      const error = await database.rooms.put('bad\0name', settings).catch((error) => error);
      expect(error).toMatchObject({
        code: 'internal',
        message: expect.stringMatching(/^database: put a room: /),
      });
      expect(error.message).not.toContain('ward');
      expect((await database.rooms.get('there'))?.settings, 'the connection is still good').toEqual(settings);
    });

    test('what was written is there when it is opened again', async () => {
      const key = await database.apiKeys.create();
      await database.rooms.put('kept', settings);
      const again = await underTest.again();
      try {
        expect(await again.apiKeys.find(key.id)).toEqual(key);
        expect((await again.rooms.get('kept'))?.settings).toEqual(settings);
      } finally {
        if (again !== underTest.database) await again.close();
        database = underTest.database;
      }
    });
  });
}
