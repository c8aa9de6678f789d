import type { RoomEvent, RoomId } from '@weir/protocol';

/** Anything that survives JSON; a driver keeps what JSON keeps (a field that is undefined goes). */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json | undefined };

/**
 * One atomic change of a room. The store checks, applies, appends and bumps the revision in one step, or does nothing.
 * A room's state is a flat map of entries; each entry's version is the revision that last set it.
 * Order: `fence`, `expect`, `delete`, `set` (a key in both stays, with the new value), `atMost`, `end`.
 */
export type RoomChange = {
  /** Every one must hold: a key `absent`, `present`, or at a version. A room that does not exist has no entries. */
  expect?: { key: string; is: 'absent' | 'present' | number }[];
  /** Refused with `fenced` unless this lease is held with this fence. */
  fence?: { lease: string; fence: number };
  /** Refused when it would leave more than `count` entries whose key starts with `prefix`, an `end` left aside. */
  atMost?: { prefix: string; count: number };
  set?: Record<string, Json>;
  delete?: string[];
  /** What to tell. Several events share the change's revision. */
  events?: RoomEvent[];
  /** The room itself ends with this change: its entries and log go once the subscribers have the record. */
  end?: boolean;
};

/** A change as it was applied. Shared by all who read it: nobody may change it. */
export type RoomRecord = {
  roomId: RoomId;
  revision: number;
  at: number;
  /** Applied after `delete`. */
  set: Record<string, Json>;
  delete: string[];
  events: RoomEvent[];
  end: boolean;
};

/** The map belongs to the reader; the values in it are shared and frozen. */
export type RoomState = {
  revision: number;
  entries: Map<string, { value: Json; version: number }>;
};

export type CommitResult =
  | { ok: true; revision: number; at: number }
  /** `failed`: the key of the first expectation that did not hold, or the prefix of `atMost`. */
  | { ok: false; failed: string };

/** The state and history of rooms. Two drivers: memory and Redis; one contract suite. */
export interface RoomLog {
  /**
   * A change to a room that does not exist makes it. A room's revisions count up by one. The first is 1 in a store where
   * no room has ended yet, and always at least two above the last of an earlier life of that name: so no revision of an
   * earlier life is ever taken for one of the new. Those who follow the room on this node have been told when it resolves,
   * unless something before it is still under way. Throws `fenced`.
   */
  commit(roomId: RoomId, change: RoomChange): Promise<CommitResult>;
  /** Undefined: no such room. */
  read(roomId: RoomId): Promise<RoomState | undefined>;
  /**
   * The records after `revision`, oldest first, or `'gone'` when they are no longer all kept, the room has not come so
   * far, has ended, or `revision` is of an earlier life of it.
   */
  since(roomId: RoomId, revision: number): Promise<RoomRecord[] | 'gone'>;
  /**
   * State now, then every later record once and in order, until stopped or the room's end (its record is the last; a
   * new life has to be followed anew). Undefined: no such room. The listener may be called before the promise resolves.
   * A listener that throws is reported and keeps its subscription. `onLost`: more was missed than is kept (the store was
   * away, or lost its data); nothing more comes, follow anew.
   */
  follow(
    roomId: RoomId,
    listener: (record: RoomRecord) => void,
    onLost?: () => void,
  ): Promise<{ state: RoomState; stop: () => void } | undefined>;
  list(): Promise<RoomId[]>;
}
