import { type Grants, PlatformError } from '@weir/client';
import { useState } from 'react';
import { useRoomContext } from './room-context.tsx';
import { useLocalParticipant } from './use-participants.ts';
import { usePublication, usePublicationFacts } from './use-publications.ts';

export type SwitchSource = 'camera' | 'microphone' | 'screen';

export type MediaSwitch = {
  on: boolean;
  /** A change is under way. */
  pending: boolean;
  /** Why it cannot be turned on, if so. */
  locked: 'moderator' | 'grants' | undefined;
  /** Throws a `PlatformError` that says what to do. */
  set(on: boolean): Promise<void>;
};

/** Your camera, microphone or screen, on or off. */
export function useMediaSwitch(source: SwitchSource): MediaSwitch {
  const { room, deviceChoice } = useRoomContext();
  const local = useLocalParticipant();
  const { muted, mutedBy } = usePublicationFacts(usePublication(local, source));
  const [pending, setPending] = useState(false);

  const set = async (on: boolean) => {
    setPending(true);
    try {
      const deviceId = source === 'screen' ? undefined : deviceChoice[source];
      await turn(room.local, source, on, deviceId);
    } catch (error) {
      throw PlatformError.from(error);
    } finally {
      setPending(false);
    }
  };
  const locked =
    mutedBy === 'moderator' ? 'moderator' : mayPublish(local.grants, source) ? undefined : 'grants';
  return { on: !muted, pending, locked, set };
}

/** What the server will say; asked of the grants here, since the protocol's own schemas would double the page's size. */
function mayPublish({ publish, hidden }: Grants, source: SwitchSource): boolean {
  return !hidden && (Array.isArray(publish) ? publish.includes(source) : publish);
}

async function turn(
  local: ReturnType<typeof useLocalParticipant>,
  source: SwitchSource,
  on: boolean,
  deviceId: string | undefined,
): Promise<void> {
  if (source === 'screen') {
    await local.setScreenShare(on, { audio: true });
    return;
  }
  const set = source === 'camera' ? local.setCamera.bind(local) : local.setMicrophone.bind(local);
  try {
    await set(on, deviceId ? { deviceId } : {});
  } catch (error) {
    // The device that was chosen once is not plugged in today: any other will do.
    if (!deviceId || PlatformError.from(error).code !== 'device-not-found') throw error;
    await set(on);
  }
}
