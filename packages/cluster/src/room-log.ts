import type { RoomEvent, RoomId } from '@weir/protocol';

/** Anything that survives JSON. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * One atomic change of a room. The store checks, applies, appends and bumps the revision in one step, or does nothing.
 * A room's state is a flat map of entries; each entry's version is the revision that last set it.
 */
export type RoomChange = {
  /** Every one must hold: a key `absent`, `present`, or at a version. */
  expect?: { key: string; is: 'absent' | 'present' | number }[];
  /** Refused with `fenced` unless this lease is held with this fence. */
  fence?: { lease: string; fence: number };
  set?: Record<string, Json>;
  delete?: string[];
  /** What to tell. Several events share the change's revision. */
  events?: RoomEvent[];
  /** The room itself ends with this change: its entries and log go once the subscribers have the record. */
  end?: boolean;
};

/** A change as it was applied. */
export type RoomRecord = {
  roomId: RoomId;
  revision: number;
  at: number;
  set: Record<string, Json>;
  delete: string[];
  events: RoomEvent[];
  end: boolean;
};

export type RoomState = {
  revision: number;
  entries: Map<string, { value: Json; version: number }>;
};

export type CommitResult =
  | { ok: true; revision: number; at: number }
  /** `failed`: the first expectation that did not hold. */
  | { ok: false; failed: string };

/** The state and history of rooms. Two drivers: memory and Redis; one contract suite. */
export interface RoomLog {
  /** A change to a room that does not exist makes it, with revision 1. Throws `fenced`. */
  commit(roomId: RoomId, change: RoomChange): Promise<CommitResult>;
  /** Undefined: no such room. */
  read(roomId: RoomId): Promise<RoomState | undefined>;
  /** The records after `revision`, or `'gone'` when they are no longer all kept or the room is not that one. */
  since(roomId: RoomId, revision: number): Promise<RoomRecord[] | 'gone'>;
  /**
   * State now, then every later record once and in order, until closed. Undefined: no such room. A listener that throws
   * is reported and keeps its subscription.
   */
  follow(
    roomId: RoomId,
    listener: (record: RoomRecord) => void,
  ): Promise<{ state: RoomState; stop: () => void } | undefined>;
  list(): Promise<RoomId[]>;
}
