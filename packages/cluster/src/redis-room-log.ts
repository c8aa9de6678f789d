import { deepFreeze, PlatformError } from '@weir/core';
import type { RoomId } from '@weir/protocol';
import type { Leases } from './leases.ts';
import { plainChange } from './plain-change.ts';
import type { RedisConnection } from './redis-connection.ts';
import { RoomFeed } from './redis-room-feed.ts';
import { commitScript, pruneScript, sinceScript } from './redis-scripts.ts';
import type { CommitResult, Json, RoomChange, RoomLog, RoomRecord, RoomState } from './room-log.ts';
import type { Unreadable } from './unreadable.ts';

export type RedisRoomLogOptions = {
  redis: RedisConnection;
  leases: Leases;
  prefix: string;
  /** Records kept of a room for `since`. */
  keepEvents: number;
  unreadable: Unreadable;
  onListenerError: (error: unknown, roomId: RoomId) => void;
};

/** The last revision of a room that ended is remembered longer than any client may come back with it. */
const keepEndedMs = 24 * 3_600_000;
/** A name in the index without a room may be one that is just being made. */
const pruneAfterMs = 60_000;
const followAttempts = 5;

/** Rooms in Redis. All keys of a room share a hash slot; each change is one script. */
export class RedisRoomLog implements RoomLog {
  readonly #options: RedisRoomLogOptions;
  readonly #feeds = new Map<RoomId, RoomFeed>();
  /** Rooms that are in the index for sure, by an earlier change of ours. */
  readonly #indexed = new Set<RoomId>();

  constructor(options: RedisRoomLogOptions) {
    this.#options = options;
    options.redis.events.on('reconnected', () => {
      for (const feed of this.#feeds.values()) feed.catchUp();
    });
  }

  async commit(roomId: RoomId, change: RoomChange): Promise<CommitResult> {
    const { redis, keepEvents } = this.#options;
    const { expect = [], fence, atMost } = change;
    const { set, delete: deleted, events, end } = plainChange(change);
    if (fence) await this.#assertHeld(fence);
    if (!this.#indexed.has(roomId)) await redis.remember(this.#index, roomId);
    const keys = Object.keys(set);
    const checks = {
      expect: expect.map(({ key, is }) => [key, is]),
      delete: deleted,
      set: keys,
      end,
      keepEvents,
      keepEndedMs,
      ...(fence ? { fence: [fence.lease, fence.fence] } : {}),
      ...(atMost ? { atMost: [atMost.prefix, atMost.count] } : {}),
    };
    const { state, records, ended, channel } = this.#keys(roomId);
    const texts = [checks, channel, set, deleted, events].map((part) =>
      typeof part === 'string' ? part : JSON.stringify(part),
    );
    const values = keys.map((key) => JSON.stringify(set[key]));
    const [outcome, ...rest] = (await redis
      .run(commitScript, [state, records, ended], [...texts, ...values])
      .catch((error) => this.#refuse(state, error))) as string[];
    if (outcome === 'fenced') throw fenced(fence!);
    if (outcome === 'failed') return { ok: false, failed: rest[0]! };
    this.#noteIndexed(roomId, end);
    if (rest[2] === 'new' && !end) await redis.remember(this.#index, roomId).catch(() => {}); // It may have been pruned.
    const [revision, at] = [Number(rest[0]), Number(rest[1])];
    this.#feeds.get(roomId)?.note(deepFreeze({ roomId, revision, at, set, delete: deleted, events, end }));
    return { ok: true, revision, at };
  }

  async read(roomId: RoomId): Promise<RoomState | undefined> {
    const { state } = this.#keys(roomId);
    const fields = await this.#options.redis.fields(state).catch((error) => this.#refuse(state, error));
    if (fields.r === undefined) return undefined;
    try {
      return stateOf(fields);
    } catch (error) {
      throw this.#options.unreadable.note(state, error);
    }
  }

  async since(roomId: RoomId, revision: number): Promise<RoomRecord[] | 'gone'> {
    const { state, records } = this.#keys(roomId);
    const answer = await this.#options.redis.run(sinceScript, [state, records], [String(revision)]);
    const [outcome, ...texts] = answer as string[];
    try {
      return outcome === 'gone' ? 'gone' : texts.map((text) => recordOf(roomId, text));
    } catch (error) {
      this.#options.unreadable.note(records, error);
      return 'gone'; // Whoever asks takes the room as it is now.
    }
  }

  async follow(
    roomId: RoomId,
    listener: (record: RoomRecord) => void,
    onLost?: () => void,
  ): Promise<{ state: RoomState; stop: () => void } | undefined> {
    for (let attempt = 1; attempt <= followAttempts; attempt++) {
      const feed = this.#feeds.get(roomId) ?? this.#openFeed(roomId);
      const followed = await feed.follow(listener, onLost);
      if (followed !== 'again') return followed;
    }
    throw new PlatformError('conflict', `room ${roomId} ends and begins too fast`);
  }

  async list(): Promise<RoomId[]> {
    const { redis } = this.#options;
    const named = await redis.remembered(this.#index);
    const found = await Promise.all(
      named.map(async ({ value: roomId, score }) => {
        if (await redis.exists(this.#keys(roomId).state)) return [roomId];
        if (score < Date.now() - pruneAfterMs)
          await redis.run(pruneScript, [this.#index], [roomId, String(score)]);
        return [];
      }),
    );
    return found.flat();
  }

  close(): void {
    for (const feed of this.#feeds.values()) feed.close();
  }

  #openFeed(roomId: RoomId): RoomFeed {
    const { redis, onListenerError } = this.#options;
    const feed = new RoomFeed({
      subscribe: (onText) => redis.subscribe(this.#keys(roomId).channel, onText),
      parse: (text) => {
        try {
          return recordOf(roomId, text);
        } catch (error) {
          this.#options.unreadable.note(this.#keys(roomId).channel, error);
          return undefined;
        }
      },
      read: () => this.read(roomId),
      since: (revision) => this.since(roomId, revision),
      onListenerError: (error) => onListenerError(error, roomId),
    });
    this.#feeds.set(roomId, feed);
    feed.onClose(() => {
      if (this.#feeds.get(roomId) === feed) this.#feeds.delete(roomId);
    });
    return feed;
  }

  /**
   * That the lease is held is looked up beside the change: it is of another hash slot. What keeps a writer out that slept
   * between the two is the highest fence that wrote to this room, which the change itself checks.
   */
  async #assertHeld(fence: { lease: string; fence: number }): Promise<void> {
    const held = await this.#options.leases.get(fence.lease);
    if (held?.fence !== fence.fence) throw fenced(fence);
  }

  #refuse(key: string, error: unknown): never {
    const isUnreadable = error instanceof PlatformError && error.code === 'store-unreadable';
    throw isUnreadable ? this.#options.unreadable.note(key, error) : error;
  }

  #noteIndexed(roomId: RoomId, end: boolean): void {
    if (end) this.#indexed.delete(roomId);
    else this.#indexed.add(roomId);
  }

  get #index(): string {
    return `${this.#options.prefix}rooms`;
  }

  #keys(roomId: RoomId): Record<'state' | 'records' | 'ended' | 'channel', string> {
    const tag = `${this.#options.prefix}{room:${roomId}}`;
    return { state: `${tag}:state`, records: `${tag}:records`, ended: `${tag}:ended`, channel: tag };
  }
}

/** Throws for what is none. */
function stateOf(fields: Record<string, string>): RoomState {
  const entries: RoomState['entries'] = new Map();
  for (const [field, text] of Object.entries(fields)) {
    if (!field.startsWith('e:')) continue;
    const at = text.indexOf(':');
    const value = deepFreeze(JSON.parse(text.slice(at + 1)) as Json);
    entries.set(field.slice(2), { value, version: wholeNumber(text.slice(0, at)) });
  }
  return { revision: wholeNumber(fields.r!), entries };
}

/** Throws for what is none. */
function recordOf(roomId: RoomId, text: string): RoomRecord {
  const record = JSON.parse(text) as Omit<RoomRecord, 'roomId'>;
  wholeNumber(String(record.revision));
  if (!Array.isArray(record.events) || !Array.isArray(record.delete) || typeof record.set !== 'object')
    throw new Error('it is no record of a room');
  return deepFreeze({ roomId, ...record });
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`${JSON.stringify(text.slice(0, 32))} is no whole number`);
  return Number(text);
}

function fenced({ lease, fence }: { lease: string; fence: number }): PlatformError {
  return new PlatformError('fenced', `lease ${lease} is not held with fence ${fence}`);
}
