import { type Logger, silentLogger } from '@weir/core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { CommitResult, Json, RoomChange, RoomLog, RoomRecord, RoomState } from './room-log.ts';
import type { MakeStore, StoreUnderTest } from './store-under-test.ts';

const keepEvents = 5;
const ended = { type: 'roomEnded' } as const;

/** What every driver of the room log must do. */
export function roomLogContract(name: string, makeStore: MakeStore): void {
  describe(`room log: ${name}`, () => {
    const made: StoreUnderTest[] = [];
    const setUp = async (logger: Logger = silentLogger) => {
      const underTest = await makeStore({ keepEvents, logger });
      made.push(underTest);
      return { ...underTest, log: underTest.store.rooms, leases: underTest.store.leases };
    };
    afterEach(async () => {
      for (const { store } of made.splice(0)) await store.close();
    });

    describe('commit', () => {
      test('the first change makes the room, with revision 1', async () => {
        const { log } = await setUp();
        expect(await log.read('r')).toBeUndefined();
        expect(await log.commit('r', { set: { a: 1 } })).toMatchObject({ ok: true, revision: 1 });
        expect(await log.commit('r', { set: { b: 'two' } })).toMatchObject({ ok: true, revision: 2 });
        expect(plain(await log.read('r'))).toEqual({ revision: 2, entries: { a: [1, 1], b: ['two', 2] } });
        expect(await log.list()).toEqual(['r']);
      });

      test.each<[string, RoomChange['expect'], string | undefined]>([
        ['present holds', [{ key: 'a', is: 'present' }], undefined],
        ['present fails', [{ key: 'z', is: 'present' }], 'z'],
        ['absent holds', [{ key: 'z', is: 'absent' }], undefined],
        ['absent fails', [{ key: 'a', is: 'absent' }], 'a'],
        ['version holds', [{ key: 'b', is: 2 }], undefined],
        ['an older version fails', [{ key: 'b', is: 1 }], 'b'],
        ['a later version fails', [{ key: 'a', is: 2 }], 'a'],
        ['a version of nothing fails', [{ key: 'z', is: 1 }], 'z'],
        [
          'all must hold',
          [
            { key: 'a', is: 1 },
            { key: 'b', is: 1 },
          ],
          'b',
        ],
        [
          'the first that fails is named',
          [
            { key: 'y', is: 'present' },
            { key: 'b', is: 1 },
          ],
          'y',
        ],
        ['names of object properties are ordinary keys', [{ key: 'constructor', is: 'absent' }], undefined],
      ])('expectation: %s', async (_, expected, failed) => {
        const { log } = await setUp();
        await log.commit('r', { set: { a: 1 } });
        await log.commit('r', { set: { b: 1 } });
        const before = plain(await log.read('r'));
        const result = await log.commit('r', { expect: expected, set: { a: 'new' }, delete: ['b'] });
        if (failed === undefined) {
          expect(result).toMatchObject({ ok: true, revision: 3 });
          expect(plain(await log.read('r'))).toEqual({ revision: 3, entries: { a: ['new', 3] } });
        } else {
          expect(result).toEqual({ ok: false, failed });
          expect(plain(await log.read('r'))).toEqual(before);
          expect(await log.since('r', 2)).toEqual([]);
        }
      });

      test.each<[string, RoomChange, boolean]>([
        ['one more than allowed', { set: { 'p:3': 1 }, atMost: { prefix: 'p:', count: 2 } }, false],
        ['up to the limit', { set: { 'p:3': 1 }, atMost: { prefix: 'p:', count: 3 } }, true],
        ['a replacement adds none', { set: { 'p:2': 1 }, atMost: { prefix: 'p:', count: 2 } }, true],
        [
          'one goes, one comes',
          { set: { 'p:3': 1 }, delete: ['p:1'], atMost: { prefix: 'p:', count: 2 } },
          true,
        ],
        [
          'a key deleted and set stays',
          { set: { 'p:1': 1 }, delete: ['p:1'], atMost: { prefix: 'p:', count: 1 } },
          false,
        ],
        ['other prefixes do not count', { set: { 'q:1': 1 }, atMost: { prefix: 'p:', count: 2 } }, true],
        [
          'deleting what is not there frees nothing',
          { set: { 'p:3': 1 }, delete: ['p:9'], atMost: { prefix: 'p:', count: 2 } },
          false,
        ],
        ['already above', { set: { 'q:1': 1 }, atMost: { prefix: 'p:', count: 1 } }, false],
        ['an end does not empty the room first', { end: true, atMost: { prefix: 'p:', count: 0 } }, false],
      ])('atMost: %s', async (_, change, ok) => {
        const { log } = await setUp();
        await log.commit('r', { set: { 'p:1': 1, 'p:2': 1, other: 1 } });
        const result = await log.commit('r', change);
        expect(result).toEqual(
          ok ? expect.objectContaining({ ok: true, revision: 2 }) : { ok: false, failed: 'p:' },
        );
        expect((await log.read('r'))?.revision).toBe(ok ? 2 : 1);
      });

      test('a refused change makes no room', async () => {
        const { log } = await setUp();
        const refused = { ok: false, failed: 'a' };
        expect(await log.commit('r', { expect: [{ key: 'a', is: 'present' }], set: { a: 1 } })).toEqual(
          refused,
        );
        expect(await log.list()).toEqual([]);
        expect(await log.commit('r', { expect: [{ key: 'a', is: 'absent' }], set: { a: 1 } })).toMatchObject({
          revision: 1,
        });
      });

      test('deletes before it sets, and bumps only the versions that it sets', async () => {
        const { log } = await setUp();
        await log.commit('r', { set: { a: 1, b: 1, c: 1 } });
        await log.commit('r', { delete: ['a', 'b', 'unknown'], set: { b: 2 } });
        expect(plain(await log.read('r'))).toEqual({ revision: 2, entries: { b: [2, 2], c: [1, 1] } });
      });

      test('of many who change the same version one wins', async () => {
        const { log } = await setUp();
        await log.commit('r', { set: { n: 0 } });
        const results = await Promise.all(
          Array.from({ length: 20 }, (_, n) =>
            log.commit('r', { expect: [{ key: 'n', is: 1 }], set: { n } }),
          ),
        );
        expect(results.filter((result) => result.ok)).toHaveLength(1);
        expect((await log.read('r'))?.revision).toBe(2);
      });

      test('keeps what JSON keeps, and what it was when it was committed', async () => {
        const { log } = await setUp();
        const value = { deep: { list: [1, 'ü', null, true] }, gone: undefined } as Json & { deep: Json };
        const done = log.commit('r', { set: { value } });
        value.deep = 'changed later';
        await done;
        const state = await log.read('r');
        expect(state?.entries.get('value')?.value).toStrictEqual({ deep: { list: [1, 'ü', null, true] } });

        const mine = state!.entries.get('value')!.value as { deep: { list: unknown[] } };
        expect(() => mine.deep.list.push('sneaked in')).toThrow(TypeError);
        state!.entries.delete('value');
        expect((await log.read('r'))?.entries.get('value')?.value).toStrictEqual({
          deep: { list: [1, 'ü', null, true] },
        });
      });

      test('rooms do not know each other', async () => {
        const { log } = await setUp();
        await log.commit('r', { set: { a: 1 } });
        await log.commit('s', { set: { a: 2 } });
        await log.commit('r', { end: true });
        expect(plain(await log.read('s'))).toEqual({ revision: 1, entries: { a: [2, 1] } });
        expect(await log.list()).toEqual(['s']);
      });
    });

    describe('fence', () => {
      test('lets the holder write and nobody else', async () => {
        const { log, leases, advance } = await setUp();
        const first = (await leases.acquire('owner:r', 'x', 1_000))!;
        const by = (lease: { key: string; fence: number }): RoomChange => ({
          fence: { lease: lease.key, fence: lease.fence },
          set: { writer: lease.fence },
        });
        expect(await log.commit('r', by(first))).toMatchObject({ ok: true });
        await expect(log.commit('r', by({ ...first, fence: first.fence + 1 }))).rejects.toMatchObject(fenced);
        await expect(log.commit('r', by({ ...first, key: 'owner:s' }))).rejects.toMatchObject(fenced);

        await advance(1_001);
        await expect(log.commit('r', by(first))).rejects.toMatchObject(fenced);
        const second = (await leases.acquire('owner:r', 'y', 1_000))!;
        await expect(log.commit('r', by(first))).rejects.toMatchObject(fenced);
        expect(await log.commit('r', by(second))).toMatchObject({ ok: true, revision: 2 });

        await leases.release(second);
        await expect(log.commit('r', by(second))).rejects.toMatchObject(fenced);
        expect(plain(await log.read('r'))).toEqual({ revision: 2, entries: { writer: [second.fence, 2] } });
      });

      test('is told apart from a failed expectation, and comes first', async () => {
        const { log } = await setUp();
        const change: RoomChange = {
          fence: { lease: 'owner:r', fence: 1 },
          expect: [{ key: 'a', is: 'present' }],
        };
        await expect(log.commit('r', change)).rejects.toMatchObject(fenced);
        expect(await log.list()).toEqual([]);
      });
    });

    describe('since', () => {
      test('gives the records as they were applied', async () => {
        const { log } = await setUp();
        await log.commit('r', { set: { a: 1 }, events: [ended, ended] });
        const done = await log.commit('r', { delete: ['a'], set: { b: { c: 1 } } });
        expect(done.ok && done.at).toBeGreaterThan(0);
        expect(await log.since('r', 0)).toMatchObject([
          { roomId: 'r', revision: 1, set: { a: 1 }, delete: [], events: [ended, ended], end: false },
          {
            roomId: 'r',
            revision: 2,
            at: done.ok && done.at,
            set: { b: { c: 1 } },
            delete: ['a'],
            events: [],
          },
        ]);
        expect(revisions(await log.since('r', 1))).toEqual([2]);
        expect(await log.since('r', 2)).toEqual([]);
      });

      test('is gone for what was never there', async () => {
        const { log } = await setUp();
        expect(await log.since('r', 0)).toBe('gone');
        await log.commit('r', { set: { a: 1 } });
        expect(await log.since('r', 2)).toBe('gone');
      });

      test(`keeps the last records, here ${keepEvents}`, async () => {
        const { log } = await setUp();
        for (let n = 1; n <= 8; n++) await log.commit('r', { set: { n } });
        expect(revisions(await log.since('r', 3))).toEqual([4, 5, 6, 7, 8]);
        expect(await log.since('r', 2)).toBe('gone');
        expect(await log.since('r', 0)).toBe('gone');
      });
    });

    describe('end', () => {
      test('leaves nothing', async () => {
        const { log } = await setUp();
        await log.commit('r', { set: { a: 1 } });
        expect(await log.commit('r', { events: [ended], end: true })).toMatchObject({
          ok: true,
          revision: 2,
        });
        expect(await log.read('r')).toBeUndefined();
        expect(await log.follow('r', () => {})).toBeUndefined();
        expect(await log.list()).toEqual([]);
        for (const revision of [0, 1, 2]) expect(await log.since('r', revision)).toBe('gone');
      });

      test('no revision of an earlier life is one of the new', async () => {
        const { log } = await setUp();
        for (let n = 1; n <= 3; n++) await log.commit('r', { set: { n } });
        const last = revisionOf(await log.commit('r', { end: true }));
        const first = revisionOf(await log.commit('r', { set: { fresh: true } }));
        expect(first).toBeGreaterThan(last + 1);
        expect(plain(await log.read('r'))).toEqual({ revision: first, entries: { fresh: [true, first] } });
        for (let n = 0; n < 6; n++) await log.commit('r', { set: { n } });
        for (let revision = 0; revision <= last; revision++)
          expect(await log.since('r', revision)).toBe('gone');
        expect(revisions(await log.since('r', first + 3))).toEqual([first + 4, first + 5, first + 6]);
      });

      test('is the last that a follower hears, even of a room that comes back', async () => {
        const { log } = await setUp();
        await log.commit('r', { set: { a: 1 } });
        const seen: RoomRecord[] = [];
        await log.follow('r', (record) => seen.push(record));
        await Promise.all([
          log.commit('r', { set: { a: 2 } }),
          log.commit('r', { events: [ended], end: true }),
          log.commit('r', { set: { b: 1 } }),
        ]);
        const second: RoomRecord[] = [];
        await log.follow('r', (record) => second.push(record));
        await log.commit('r', { set: { b: 2 } });
        await vi.waitFor(() => expect(second).toHaveLength(1));
        expect(seen.map(({ revision, end }) => [revision, end])).toEqual([
          [2, false],
          [3, true],
        ]);
      });
    });

    describe('follow', () => {
      test('gives the state and then each record once, in order', async () => {
        const { log } = await setUp();
        await log.commit('r', { set: { n: 0 } });
        const seen: RoomRecord[] = [];
        const followed = (await log.follow('r', (record) => seen.push(record)))!;
        expect(plain(followed.state)).toEqual({ revision: 1, entries: { n: [0, 1] } });
        await Promise.all(Array.from({ length: 10 }, (_, n) => log.commit('r', { set: { n } })));
        await vi.waitFor(() => expect(seen).toHaveLength(10));
        expect(seen).toEqual(expect.arrayContaining((await log.since('r', 6)) as RoomRecord[]));
        expect(revisions(seen)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
      });

      test('one that starts among commits misses nothing and hears nothing twice', async () => {
        const { log } = await setUp();
        await log.commit('r', { set: { n: 0 } });
        const copies: { seen: RoomRecord[]; followed: ReturnType<RoomLog['follow']> }[] = [];
        const commits: Promise<CommitResult>[] = [];
        for (let n = 1; n <= 20; n++) {
          const seen: RoomRecord[] = [];
          commits.push(log.commit('r', { set: { n, [`key${n}`]: n } }));
          copies.push({ seen, followed: log.follow('r', (record) => seen.push(record)) });
          if (n % 3 === 0) await Promise.resolve();
          if (n % 7 === 0) await commits.at(-1);
        }
        await Promise.all(commits);
        const final = plain(await log.read('r'));
        for (const { seen, followed } of copies) {
          const { state } = (await followed)!;
          await vi.waitFor(() => expect(plain(applied(state, seen))).toEqual(final));
        }
      });

      test('a listener that throws is reported, keeps its subscription and stops nobody', async () => {
        const reported: object[] = [];
        const logger: Logger = { ...silentLogger, error: (fields) => void reported.push(fields) };
        const { log } = await setUp(logger);
        await log.commit('r', { set: { n: 0 } });
        const seen: string[] = [];
        await log.follow('r', ({ revision }) => {
          seen.push(`thrower ${revision}`);
          throw new Error(`boom ${revision}`);
        });
        await log.follow('r', ({ revision }) => seen.push(`other ${revision}`));
        await log.commit('r', { set: { n: 1 } });
        await log.commit('r', { set: { n: 2 } });
        await vi.waitFor(() => expect(seen).toEqual(['thrower 2', 'other 2', 'thrower 3', 'other 3']));
        expect(reported).toMatchObject([{ err: { message: 'boom 2' } }, { err: { message: 'boom 3' } }]);
      });

      test('a stopped listener hears no more, a commit under way included', async () => {
        const { log } = await setUp();
        await log.commit('r', { set: { n: 0 } });
        const seen: number[] = [];
        const stopped = (await log.follow('r', ({ revision }) => seen.push(revision)))!;
        const others: number[] = [];
        await log.follow('r', ({ revision }) => others.push(revision));
        const under = log.commit('r', { set: { n: 1 } });
        stopped.stop();
        await under;
        await log.commit('r', { set: { n: 2 } });
        await vi.waitFor(() => expect(others).toEqual([2, 3]));
        expect(seen).toEqual([]);
        stopped.stop();
      });

      test('a listener that another stops on the same record does not hear it', async () => {
        const { log } = await setUp();
        await log.commit('r', { set: { n: 0 } });
        const seen: string[] = [];
        const stops: (() => void)[] = [];
        for (const name of ['first', 'second', 'third']) {
          const followed = await log.follow('r', ({ revision }) => {
            seen.push(`${name} ${revision}`);
            if (name === 'first') stops[1]!();
          });
          stops.push(followed!.stop);
        }
        await log.commit('r', { set: { n: 1 } });
        await vi.waitFor(() => expect(seen).toEqual(['first 2', 'third 2']));
      });

      test('a listener may commit: everybody hears both, in order', async () => {
        const { log } = await setUp();
        await log.commit('r', { set: { n: 0 } });
        const seen: number[][] = [[], []];
        await log.follow('r', ({ revision }) => {
          seen[0]!.push(revision);
          if (revision < 5) void log.commit('r', { set: { n: revision } });
        });
        await log.follow('r', ({ revision }) => seen[1]!.push(revision));
        await log.commit('r', { set: { n: 1 } });
        await vi.waitFor(() =>
          expect(seen).toEqual([
            [2, 3, 4, 5],
            [2, 3, 4, 5],
          ]),
        );
      });
    });
  });
}

const fenced = { code: 'fenced' };

/** `state` with these records applied to it: what a follower holds. */
export function applied(state: RoomState, records: RoomRecord[]): RoomState {
  const entries = new Map(state.entries);
  let { revision } = state;
  for (const record of records) {
    expect(record.revision, 'the next revision').toBe(revision + 1);
    revision = record.revision;
    for (const key of record.delete) entries.delete(key);
    for (const [key, value] of Object.entries(record.set)) entries.set(key, { value, version: revision });
  }
  return { revision, entries };
}

/** A state in a form that a failed test prints well: key → [value, version]. */
export function plain(state: RoomState | undefined) {
  if (!state) return undefined;
  const entries = [...state.entries].map(([key, { value, version }]) => [key, [value, version]] as const);
  return { revision: state.revision, entries: Object.fromEntries(entries) };
}

function revisions(records: RoomRecord[] | 'gone') {
  return records === 'gone' ? records : records.map(({ revision }) => revision);
}

function revisionOf(result: CommitResult): number {
  if (!result.ok) throw new Error(`refused: ${result.failed}`);
  return result.revision;
}
