import type { RoomChange, RoomRecord } from './room-log.ts';

/** What JSON keeps of a change. */
export function plainChange({ set = {}, delete: deleted = [], events = [], end = false }: RoomChange) {
  const copy = JSON.parse(JSON.stringify({ set, delete: deleted, events })) as Pick<
    RoomRecord,
    'set' | 'delete' | 'events'
  >;
  return { ...copy, end };
}
