import { devices, type LocalPublication, PlatformError, type Room } from '@weir/client';
import { useCallback, useEffect, useState } from 'react';
import { type DeviceChoice, type DeviceKind, useRoomContext } from './room-context.tsx';
import { useRoomValue } from './use-room-value.ts';

export type DeviceLists = {
  cameras: readonly MediaDeviceInfo[];
  microphones: readonly MediaDeviceInfo[];
  speakers: readonly MediaDeviceInfo[];
};

const none: DeviceLists = { cameras: [], microphones: [], speakers: [] };

/**
 * The machine's devices, read again when something is plugged in or out and when `reason` changes: names appear only
 * after a permission was given.
 */
export function useDeviceLists(reason?: unknown): DeviceLists {
  const [lists, setLists] = useState(none);
  useEffect(() => {
    void reason;
    let wanted = true;
    const read = () =>
      devices.list().then(
        (now) => wanted && setLists(now),
        () => {}, // No devices on an insecure page: opening one says why.
      );
    void read();
    let off = () => {};
    try {
      off = devices.onChange(read);
    } catch {} // As above.
    return () => {
      wanted = false;
      off();
    };
  }, [reason]);
  return lists;
}

const localTrackEvents = ['statusChanged', 'trackUpdated', 'trackUnpublished'] as const;

/** Another one says that another device is in use, or that a permission may have been given. */
const tracksInUse = ({ local }: Room) =>
  `${local.publication('camera')?.mediaTrack?.id} ${local.publication('microphone')?.mediaTrack?.id}`;

/** The devices, which of them are in use, and taking others: a running track changes its device without a gap. */
export function useDevices(): DeviceLists & {
  selected: DeviceChoice;
  /** Throws the device's `PlatformError`; what ran before keeps running then. */
  select(kind: DeviceKind, deviceId: string): Promise<void>;
} {
  const { room, deviceChoice, chooseDevice } = useRoomContext();
  const lists = useDeviceLists(useRoomValue(localTrackEvents, tracksInUse));
  const inUse = (source: 'camera' | 'microphone') =>
    room.local.publication(source)?.mediaTrack?.getSettings().deviceId ?? deviceChoice[source];
  const select = useCallback(
    async (kind: DeviceKind, deviceId: string) => {
      if (kind !== 'speaker') {
        const publication = room.local.publication(kind);
        if (publication?.mediaTrack?.readyState === 'live') await switchDevice(publication, kind, deviceId);
      }
      chooseDevice(kind, deviceId);
    },
    [room, chooseDevice],
  );
  const camera = inUse('camera');
  const microphone = inUse('microphone');
  const speaker = deviceChoice.speaker;
  const selected: DeviceChoice = {
    ...(camera ? { camera } : {}),
    ...(microphone ? { microphone } : {}),
    ...(speaker ? { speaker } : {}),
  };
  return { ...lists, selected, select };
}

async function switchDevice(
  publication: LocalPublication,
  kind: 'camera' | 'microphone',
  deviceId: string,
): Promise<void> {
  const before = publication.mediaTrack;
  if (before?.getSettings().deviceId === deviceId) return;
  const track = await devices[kind]({ deviceId }).catch((error) => {
    // Phones open one camera at a time.
    if (PlatformError.from(error).code !== 'device-in-use') throw error;
    before?.stop();
    return devices[kind]({ deviceId });
  });
  await publication.replaceTrack(track);
  before?.stop();
}
