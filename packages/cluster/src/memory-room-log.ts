import type { Clock } from '@weir/core';
import { deepFreeze, PlatformError } from '@weir/core';
import type { RoomId } from '@weir/protocol';
import { deliver, type Follower } from './followers.ts';
import { plainChange } from './plain-change.ts';
import type { CommitResult, Json, RoomChange, RoomLog, RoomRecord, RoomState } from './room-log.ts';

type Entries = RoomState['entries'];
type Room = { revision: number; entries: Entries; records: RoomRecord[]; followers: Set<Follower> };

export type MemoryRoomLogOptions = {
  clock: Clock;
  /** Records kept of a room for `since`. */
  keepEvents: number;
  isHeld: (lease: string, fence: number) => boolean;
  onListenerError: (error: unknown, roomId: RoomId) => void;
};

/** Rooms of one process. Each call is atomic: it does its work before it returns its promise. */
export class MemoryRoomLog implements RoomLog {
  readonly #options: MemoryRoomLogOptions;
  readonly #rooms = new Map<RoomId, Room>();
  #firstRevision = 1; // Above all revisions of all rooms that ended, with a gap: cheaper than a memory of each.

  constructor(options: MemoryRoomLogOptions) {
    this.#options = options;
  }

  async commit(roomId: RoomId, change: RoomChange): Promise<CommitResult> {
    const { fence } = change;
    if (fence && !this.#options.isHeld(fence.lease, fence.fence))
      throw new PlatformError('fenced', `lease ${fence.lease} is not held with fence ${fence.fence}`);
    const room = this.#rooms.get(roomId) ?? this.#newRoom();
    const failed = firstFailure(room.entries, change);
    if (failed !== undefined) return { ok: false, failed };

    const at = this.#options.clock.now();
    const record: RoomRecord = deepFreeze({
      roomId,
      revision: room.revision + 1,
      at,
      ...plainChange(change),
    });
    room.revision = record.revision;
    for (const key of record.delete) room.entries.delete(key);
    for (const [key, value] of Object.entries(record.set))
      room.entries.set(key, Object.freeze({ value, version: record.revision }));
    room.records.push(record);
    if (room.records.length > this.#options.keepEvents) room.records.shift();
    if (record.end) this.#forget(roomId, room);
    else this.#rooms.set(roomId, room);
    if (room.followers.size) queueMicrotask(() => this.#deliver(room, record));
    return { ok: true, revision: record.revision, at: record.at };
  }

  async read(roomId: RoomId): Promise<RoomState | undefined> {
    const room = this.#rooms.get(roomId);
    return room && stateOf(room);
  }

  async since(roomId: RoomId, revision: number): Promise<RoomRecord[] | 'gone'> {
    const room = this.#rooms.get(roomId);
    if (!room || revision > room.revision) return 'gone';
    const missed = room.revision - revision;
    if (missed > room.records.length) return 'gone';
    return missed === 0 ? [] : room.records.slice(-missed);
  }

  async follow(
    roomId: RoomId,
    listener: (record: RoomRecord) => void,
  ): Promise<{ state: RoomState; stop: () => void } | undefined> {
    const room = this.#rooms.get(roomId);
    if (!room) return undefined;
    const follower = { listener, after: room.revision };
    room.followers.add(follower);
    return { state: stateOf(room), stop: () => room.followers.delete(follower) };
  }

  async list(): Promise<RoomId[]> {
    return [...this.#rooms.keys()];
  }

  /** Forgets everything; no follower hears of it. */
  clear(): void {
    for (const room of this.#rooms.values()) room.followers.clear();
    this.#rooms.clear();
  }

  #newRoom(): Room {
    return { revision: this.#firstRevision - 1, entries: new Map(), records: [], followers: new Set() };
  }

  #forget(roomId: RoomId, room: Room): void {
    this.#rooms.delete(roomId);
    // A gap of one, or else the last revision of this life would pass for "before the first" of the next.
    this.#firstRevision = Math.max(this.#firstRevision, room.revision + 2);
  }

  #deliver(room: Room, record: RoomRecord): void {
    deliver(room.followers, record, (error) => this.#options.onListenerError(error, record.roomId));
  }
}

function firstFailure(entries: Entries, { expect, atMost, ...change }: RoomChange): string | undefined {
  for (const { key, is } of expect ?? []) {
    const version = entries.get(key)?.version;
    const holds =
      is === 'absent' ? version === undefined : is === 'present' ? version !== undefined : is === version;
    if (!holds) return key;
  }
  if (atMost && countAfter(entries, change, atMost.prefix) > atMost.count) return atMost.prefix;
  return undefined;
}

function countAfter(entries: Entries, { set = {}, delete: deleted }: RoomChange, prefix: string): number {
  const keys = Object.keys(set).filter((key) => set[key] !== undefined && key.startsWith(prefix));
  const counted = new Set([...keys, ...(deleted ?? [])]);
  let count = keys.length;
  for (const key of entries.keys()) if (key.startsWith(prefix) && !counted.has(key)) count += 1;
  return count;
}

function stateOf(room: Room): RoomState {
  return {
    revision: room.revision,
    entries: new Map<string, { value: Json; version: number }>(room.entries),
  };
}
