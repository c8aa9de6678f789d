import type { Clock } from '@weir/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ClusterStore } from './cluster-store.ts';
import type { Lease } from './leases.ts';
import { memoryStore } from './memory-store.ts';
import { applied, plain } from './room-log.contract.ts';
import type { RoomChange, RoomRecord, RoomState } from './room-log.ts';

// Calls are made without waiting for the earlier ones. A model takes each in the order of the calls; what the store
// answered, kept and told must be what that one line of history says.

const keepEvents = 8;

type ModelRoom = { roomId: string; revision: number; entries: RoomState['entries']; records: RoomRecord[] };
type Follow = {
  room: ModelRoom;
  from: number;
  until: number;
  seen: RoomRecord[];
  answer: Promise<{ state: RoomState; stop: () => void } | undefined>;
};

/** The store, and beside it what it should have done. */
class Run {
  now = 1_000_000;
  readonly store: ClusterStore;
  readonly #rooms = new Map<string, ModelRoom>();
  readonly #follows: Follow[] = [];
  readonly #leases = new Map<string, Lease>();
  #firstRevision = 1;
  #lastFence = 0;
  /** Every lease that was ever handed out, lost or not. */
  readonly handles: Lease[] = [];
  /** Answers still to come, each with its check. */
  readonly #pending: Promise<void>[] = [];
  echoes = 0;

  constructor() {
    const clock: Clock = { now: () => this.now, after: () => () => {} };
    this.store = memoryStore({ clock, keepEvents });
  }

  commit(roomId: string, change: RoomChange): void {
    const answer: Promise<unknown> = this.store.rooms.commit(roomId, change).catch((error) => error);
    const { fence, expect: expected = [], set = {}, delete: deleted = [], end = false } = change;
    if (fence && this.#live(fence.lease)?.fence !== fence.fence)
      return this.#check(answer, (got) => expect(got).toMatchObject({ code: 'fenced' }));

    const { revision: last, entries: before } = this.#rooms.get(roomId) ?? {
      revision: this.#firstRevision - 1,
      entries: new Map(),
    };
    for (const { key, is } of expected) {
      const version = before.get(key)?.version ?? 'absent';
      if (is === 'present' ? version === 'absent' : is !== version)
        return this.#check(answer, (got) => expect(got).toEqual({ ok: false, failed: key }));
    }
    const revision = last + 1;
    const entries = new Map([...before].filter(([key]) => !deleted.includes(key)));
    for (const [key, value] of Object.entries(set)) entries.set(key, { value, version: revision });
    const { prefix, count } = change.atMost ?? { prefix: '', count: Number.POSITIVE_INFINITY };
    if ([...entries.keys()].filter((key) => key.startsWith(prefix)).length > count)
      return this.#check(answer, (got) => expect(got).toEqual({ ok: false, failed: prefix }));

    const room: ModelRoom = this.#rooms.get(roomId) ?? { roomId, revision: 0, entries, records: [] };
    Object.assign(room, { revision, entries });
    room.records.push({ roomId, revision, at: this.now, set, delete: deleted, events: [], end });
    this.#rooms.set(roomId, room);
    if (end) {
      this.#rooms.delete(roomId);
      this.#firstRevision = Math.max(this.#firstRevision, revision + 2);
    }
    const at = this.now;
    this.#check(answer, (got) => expect(got).toEqual({ ok: true, revision, at }));
  }

  /** The version of an entry as an honest writer would expect it; from `offset` revisions ago for a stale one. */
  versionOf(roomId: string, key: string, offset: number): number {
    return (this.#rooms.get(roomId)?.entries.get(key)?.version ?? 0) - offset;
  }

  read(roomId: string): void {
    const room = this.#rooms.get(roomId);
    const expected = room && plain({ revision: room.revision, entries: room.entries });
    this.#check(this.store.rooms.read(roomId), (got) => expect(plain(got)).toEqual(expected));
  }

  since(roomId: string, back: number): void {
    const room = this.#rooms.get(roomId);
    const revision = (room?.revision ?? this.#firstRevision) - back;
    const kept = room?.records.slice(-keepEvents) ?? [];
    const missed = room?.records.filter((record) => record.revision > revision) ?? [];
    const known = room && back >= 0 && back <= kept.length;
    this.#check(this.store.rooms.since(roomId, revision), (got) =>
      expect(got).toEqual(known ? missed : 'gone'),
    );
  }

  follow(roomId: string, echo: boolean): void {
    const seen: RoomRecord[] = [];
    const answer = this.store.rooms.follow(roomId, (record) => {
      seen.push(record);
      if (echo && this.echoes++ < 5) this.commit(roomId, { set: { echo: this.echoes } });
    });
    const room = this.#rooms.get(roomId);
    if (room) this.#follows.push({ room, from: room.revision, until: Infinity, seen, answer });
    else this.#check(answer, (got) => expect(got).toBeUndefined());
  }

  async stop(index: number): Promise<void> {
    const follow = this.#follows[index % (this.#follows.length || 1)];
    if (!follow) return;
    await this.settle(); // Where it stood when it was stopped is then known.
    (await follow.answer)!.stop();
    follow.until = Math.min(follow.until, follow.room.revision);
  }

  acquire(key: string, owner: string, ttlMs: number): void {
    const answer = this.store.leases.acquire(key, owner, ttlMs);
    const held = this.#live(key);
    if (held && held.owner !== owner) return this.#check(answer, (got) => expect(got).toBeUndefined());
    const fence = held?.fence ?? ++this.#lastFence;
    const lease = { key, owner, fence, expiresAt: this.now + ttlMs, value: '' };
    this.#leases.set(key, lease);
    this.handles.push(lease);
    this.#check(answer, (got) => expect(got).toEqual(lease));
  }

  renew(index: number, ttlMs: number): void {
    const lease = this.handles[index % (this.handles.length || 1)];
    if (!lease) return;
    const answer = this.store.leases.renew(lease, ttlMs);
    const ours = this.#live(lease.key)?.fence === lease.fence;
    if (ours) this.#leases.set(lease.key, { ...lease, expiresAt: this.now + ttlMs });
    this.#check(answer, (got) => expect(got).toBe(ours));
  }

  release(index: number): void {
    const lease = this.handles[index % (this.handles.length || 1)];
    if (!lease) return;
    const answer = this.store.leases.release(lease);
    if (this.#live(lease.key)?.fence === lease.fence) this.#leases.delete(lease.key);
    this.#check(answer, () => {});
  }

  get(key: string): void {
    const answer = this.store.leases.get(key);
    const held = this.#live(key);
    this.#check(answer, (got) => expect(got).toEqual(held));
  }

  /** Of all who ever held `key` at most one may write, and never one from before the newest tenure. */
  async onlyNewestWrites(key: string): Promise<void> {
    await this.settle();
    const live = this.#live(key);
    const fences = new Set(this.handles.filter((lease) => lease.key === key).map(({ fence }) => fence));
    const wrote: number[] = [];
    for (const fence of fences) {
      const done = await this.store.rooms
        .commit('probe', { fence: { lease: key, fence } })
        .catch((error) => error);
      if (done.ok) wrote.push(fence);
    }
    expect(wrote).toEqual(live ? [live.fence] : []);
    if (live) expect(live.fence).toBe(Math.max(...fences));
    const ended = await this.store.rooms.commit('probe', { end: true });
    if (ended.ok) this.#firstRevision = Math.max(this.#firstRevision, ended.revision + 2);
  }

  /** Waits for every answer and checks it, then that each follower holds what the history says. */
  async settle(): Promise<void> {
    while (this.#pending.length) await Promise.all(this.#pending.splice(0));
    for (const { room, from, until, seen, answer } of this.#follows) {
      const { state } = (await answer)!;
      expect(state.revision).toBe(from);
      expect(seen).toEqual(room.records.filter(({ revision }) => revision > from && revision <= until));
      if (until === Infinity) expect(plain(applied(state, seen))).toEqual(plain(room));
    }
  }

  #live(key: string): Lease | undefined {
    const lease = this.#leases.get(key);
    if (lease && this.now >= lease.expiresAt) this.#leases.delete(key); // Seen to be over: for good.
    return this.#leases.get(key);
  }

  #check<T>(answer: Promise<T>, assert: (got: T) => void): void {
    this.#pending.push(answer.then(assert));
  }
}

type Step = (run: Run) => void | Promise<void>;

const roomId = fc.constantFrom('room1', 'room2');
const entryKey = fc.constantFrom('a', 'b', 'p:1', 'p:2', 'p:3');
const leaseKey = fc.constantFrom('lease1', 'lease2');
const index = fc.nat({ max: 20 });
const ttlMs = fc.integer({ min: 1, max: 500 });

const change = fc.record(
  {
    set: fc.dictionary(entryKey, fc.nat({ max: 9 }), { maxKeys: 3, noNullPrototype: true }),
    delete: fc.uniqueArray(entryKey, { maxLength: 2 }),
    atMost: fc.record({ prefix: fc.constantFrom('p:', ''), count: fc.integer({ min: 1, max: 4 }) }),
  },
  { requiredKeys: [] },
);
const expectation = fc.record({
  key: entryKey,
  is: fc.oneof(fc.constantFrom('absent' as const, 'present' as const), fc.constantFrom(0, 0, 0, 1)),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ roomId, change, expectations: fc.array(expectation, { maxLength: 2 }) }).map(
      ({ roomId, change, expectations }): Step =>
        (run) => {
          const expected = expectations.map(({ key, is }) => ({
            key,
            is: typeof is === 'number' ? run.versionOf(roomId, key, is) : is,
          }));
          run.commit(roomId, { ...change, expect: expected });
        },
    ),
  },
  {
    weight: 4,
    arbitrary: fc.record({ roomId, change, index }).map(
      ({ roomId, change, index }): Step =>
        (run) => {
          const lease = run.handles.at(-1 - (index % 4));
          if (lease) run.commit(roomId, { ...change, fence: { lease: lease.key, fence: lease.fence } });
        },
    ),
  },
  {
    weight: 1,
    arbitrary: roomId.map(
      (id): Step =>
        (run) =>
          run.commit(id, { end: true }),
    ),
  },
  {
    weight: 2,
    arbitrary: roomId.map(
      (id): Step =>
        (run) =>
          run.read(id),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(roomId, fc.integer({ min: -1, max: keepEvents + 3 })).map(
      ([id, back]): Step =>
        (run) =>
          run.since(id, back),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(roomId, fc.boolean()).map(
      ([id, echo]): Step =>
        (run) =>
          run.follow(id, echo),
    ),
  },
  {
    weight: 1,
    arbitrary: index.map(
      (n): Step =>
        (run) =>
          run.stop(n),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(leaseKey, fc.constantFrom('x', 'y', 'z'), ttlMs).map(
      ([key, owner, ttl]): Step =>
        (run) =>
          run.acquire(key, owner, ttl),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(index, ttlMs).map(
      ([n, ttl]): Step =>
        (run) =>
          run.renew(n, ttl),
    ),
  },
  {
    weight: 1,
    arbitrary: index.map(
      (n): Step =>
        (run) =>
          run.release(n),
    ),
  },
  {
    weight: 1,
    arbitrary: leaseKey.map(
      (key): Step =>
        (run) =>
          run.get(key),
    ),
  },
  {
    weight: 1,
    arbitrary: leaseKey.map(
      (key): Step =>
        (run) =>
          run.onlyNewestWrites(key),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.integer({ min: -300, max: 600 }).map(
      (ms): Step =>
        (run) => {
          run.now += ms;
        },
    ),
  },
  { weight: 3, arbitrary: fc.constant<Step>(() => Promise.resolve()) },
  { weight: 1, arbitrary: fc.constant<Step>((run) => run.settle()) },
);

test('any interleaving of writers, followers, ends, leases and clock jumps is one line of history', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 80, size: 'max' }), async (steps) => {
      const run = new Run();
      for (const take of steps) {
        const taken = take(run);
        if (taken) await taken; // The others go on at once: their calls overlap.
      }
      await run.settle();
    }),
    { numRuns: 400 },
  );
});
