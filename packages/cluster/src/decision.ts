import { PlatformError } from '@weir/core';
import type { ParticipantId, RoomId } from '@weir/protocol';
import type { RoomChange } from './room-log.ts';
import type { RoomReader } from './room-view.ts';

/**
 * What a rule of the room makes of its state: a change (or none, when all is as it should be) and what the caller gets.
 * A refusal is thrown. Decisions are pure; `Rooms` carries them out and decides again when somebody was faster.
 */
export type Decision<T> = { change?: RoomChange; result: T };
export type Decide<T> = (reader: RoomReader) => Decision<T>;

/** Adds the expectation that `key` is as it was read, and that the room lives. */
export function expecting(reader: RoomReader, key: string, change: RoomChange): RoomChange {
  const version = reader.version(key);
  const expect = [
    ...(change.expect ?? []),
    { key: 'room', is: 'present' as const },
    { key, is: version || ('absent' as const) },
  ];
  return { ...change, expect };
}

export function roomFull(roomId: RoomId, max: number): PlatformError {
  return new PlatformError('room-full', `room ${roomId} is at its limit of ${max} participants`);
}

export function notThere(participantId: ParticipantId): PlatformError {
  return new PlatformError('participant-not-found', `no participant ${participantId} in the room`);
}

export function dropUndefined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
