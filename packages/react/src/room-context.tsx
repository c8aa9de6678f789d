import type { Room } from '@weir/client';
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react';
import { RoomRevisions } from './room-revisions.ts';
import { type StageChoice, StageViewProvider } from './stage-view.tsx';

/** Device ids by kind; absent: the browser's default. */
export type DeviceChoice = { camera?: string; microphone?: string; speaker?: string };
export type DeviceKind = keyof DeviceChoice;

type RoomContextValue = {
  room: Room;
  deviceChoice: DeviceChoice;
  chooseDevice(kind: DeviceKind, deviceId: string): void;
};

const RoomContext = createContext<RoomContextValue | undefined>(undefined);

export type RoomProviderProps = {
  room: Room;
  /** The devices to begin with. */
  deviceChoice?: DeviceChoice;
  /** Told when the user takes another device: the place to remember it. */
  onDeviceChoice?: (choice: DeviceChoice) => void;
  /** The view of the stage to begin with. */
  stageChoice?: Partial<StageChoice>;
  onStageChoice?: (choice: StageChoice) => void;
  children: ReactNode;
};

/** Gives `room` to the hooks and components inside. */
export function RoomProvider({
  room,
  deviceChoice: initial = {},
  onDeviceChoice,
  stageChoice,
  onStageChoice,
  children,
}: RoomProviderProps) {
  RoomRevisions.of(room); // From now on no event is missed.
  const [deviceChoice, setDeviceChoice] = useState(initial);
  const chooseDevice = useCallback(
    (kind: DeviceKind, deviceId: string) => {
      const next = { ...deviceChoice, [kind]: deviceId };
      setDeviceChoice(next);
      onDeviceChoice?.(next);
    },
    [deviceChoice, onDeviceChoice],
  );
  const value = useMemo(() => ({ room, deviceChoice, chooseDevice }), [room, deviceChoice, chooseDevice]);
  return (
    <RoomContext value={value}>
      <StageViewProvider initial={stageChoice} onChoice={onStageChoice}>
        {children}
      </StageViewProvider>
    </RoomContext>
  );
}

export function useRoomContext(): RoomContextValue {
  const value = useContext(RoomContext);
  if (!value) throw new Error('hooks and components of a room belong inside <RoomProvider>');
  return value;
}

/** The room of the nearest provider. */
export function useRoom(): Room {
  return useRoomContext().room;
}
