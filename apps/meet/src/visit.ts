import { PlatformError, Room } from '@weir/client';
import type { JoinChoice } from '@weir/react';
import { guestToken } from './guest-token.ts';
import type { Invitation } from './invitation.ts';
import { memory } from './memory.ts';

/** What any room needs from the browser, for while the preview is looked at. */
export function prepare(): Promise<void> {
  return Room.prepare();
}

/** A room for this invitation, not yet connected. */
export function openRoom({ roomId, token }: Invitation, choice: JoinChoice): Room {
  return new Room({ roomId, token: token ?? (() => guestToken(roomId, choice.displayName)) });
}

/** Joins, then turns on what was chosen. `onProblem` is told a device that did not work: the call goes on without. */
export async function enter(
  room: Room,
  choice: JoinChoice,
  onProblem: (error: PlatformError, source: 'camera' | 'microphone') => void,
): Promise<void> {
  await room.connect();
  memory.addRecentRoom(room.roomId);
  const { local } = room;
  if (choice.displayName && local.displayName !== choice.displayName)
    local.update({ displayName: choice.displayName }).catch(() => {}); // Then the token's name stands.
  const turnOn = async (source: 'camera' | 'microphone') => {
    const set = source === 'camera' ? local.setCamera.bind(local) : local.setMicrophone.bind(local);
    const deviceId = choice.devices[source];
    try {
      await set(true, deviceId ? { deviceId } : {}).catch((error) => {
        // The device that was chosen once is not plugged in today.
        if (!deviceId || PlatformError.from(error).code !== 'device-not-found') throw error;
        return set(true);
      });
    } catch (error) {
      if (room.status !== 'closed') onProblem(PlatformError.from(error), source);
    }
  };
  await Promise.all([
    choice.microphone ? turnOn('microphone') : undefined,
    choice.camera ? turnOn('camera') : undefined,
  ]);
}
