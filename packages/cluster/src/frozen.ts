import type { RoomChange, RoomRecord } from './room-log.ts';

/** A record that nobody can change: those who read it share it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}

/** What JSON keeps of a change. */
export function plainChange({ set = {}, delete: deleted = [], events = [], end = false }: RoomChange) {
  const copy = JSON.parse(JSON.stringify({ set, delete: deleted, events })) as Pick<
    RoomRecord,
    'set' | 'delete' | 'events'
  >;
  return { ...copy, end };
}
