import type { Room } from '@weir/client';
import { useCallback, useSyncExternalStore } from 'react';
import { useRoom } from './room-context.tsx';
import { type RoomEventType, RoomRevisions } from './room-revisions.ts';

function useEvents(room: Room, types: readonly RoomEventType[]) {
  return useCallback(
    (changed: () => void) => {
      const offs = types.map((type) => room.events.on(type, changed));
      return () => {
        for (const off of offs) off();
      };
    },
    [room, types],
  );
}

/**
 * A number that grows with every event of `types`, for hooks that read the room's own objects. `types` must be the same
 * array in each render.
 */
export function useRoomRevision(types: readonly RoomEventType[]): number {
  const room = useRoom();
  return useSyncExternalStore(useEvents(room, types), () => RoomRevisions.of(room).sum(types));
}

/**
 * What `select` reads from the room, read again at each event of `types`; renders only when it differs. It must be a
 * primitive or an object of the room's own. `types` must be the same array in each render.
 */
export function useRoomValue<T>(types: readonly RoomEventType[], select: (room: Room) => T): T {
  const room = useRoom();
  return useSyncExternalStore(useEvents(room, types), () => select(room));
}
