import type { Downlink, PlatformError, RoomSettings, RoomStatus } from '@weir/client';
import { useRoomValue } from './use-room-value.ts';

const statusEvents = ['statusChanged', 'closed'] as const;
const downlinkEvents = ['downlinkChanged', 'closed'] as const;
const settingsEvents = ['statusChanged', 'roomUpdated'] as const;

/** Where the room stands: `idle`, `connecting`, `waiting` (lobby), `connected`, `reconnecting`, `closed`. */
export function useRoomStatus(): RoomStatus {
  return useRoomValue(statusEvents, (room) => room.status);
}

/** Why the room closed; undefined while it has not, or when you left. */
export function useCloseError(): PlatformError | undefined {
  return useRoomValue(statusEvents, (room) => room.closeError);
}

export function useRoomSettings(): RoomSettings | undefined {
  return useRoomValue(settingsEvents, (room) => room.settings);
}

/** What your line carries of the pictures that you see. */
export function useDownlink(): Downlink {
  return useRoomValue(downlinkEvents, (room) => room.downlink);
}
