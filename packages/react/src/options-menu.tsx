import type { PlatformError } from '@weir/client';
import { DoorOpen, Ellipsis, Hand, MonitorUp, PhoneOff } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import type { ReactNode } from 'react';
import { LayoutChoices } from './layout-menu.tsx';
import { MenuMark } from './menu-mark.tsx';
import { ReactionChoices } from './reaction-menu.tsx';
import type { DeviceKind } from './room-context.tsx';
import { useRoom } from './room-context.tsx';
import { useDevices } from './use-devices.ts';
import { useLocalParticipant } from './use-participants.ts';
import { useRoomSettings } from './use-room-status.ts';
import { useWords } from './words-context.tsx';

type Flip = { on: boolean; flip: () => void };

export type OptionsMenuProps = {
  /** Undefined where the browser cannot share a screen. */
  screen?: Flip | undefined;
  hand: Flip;
  onProblem: (error: PlatformError, what: string) => void;
  onEndForAll?: (() => void) | undefined;
  /** The app's own lines. */
  children?: ReactNode;
};

/** The devices, what a narrow bar has no place for, and what moderators decide about the room. */
export function OptionsMenu({ screen, hand, onProblem, onEndForAll, children }: OptionsMenuProps) {
  const words = useWords();
  const local = useLocalParticipant();
  // Known before the menu opens: what grows under the pointer gets the click.
  const devices = useDevices();
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger
        className="weir-bar-button"
        aria-label={words.options}
        title={words.options}
        data-testid="options-button"
      >
        <Ellipsis aria-hidden="true" />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="weir-menu" sideOffset={12} collisionPadding={8} side="top">
          <div className="weir-narrow-only">
            {screen && (
              <DropdownMenu.Item className="weir-menu-item" onSelect={screen.flip}>
                <MonitorUp aria-hidden="true" />
                {screen.on ? words.stopSharing : words.share}
              </DropdownMenu.Item>
            )}
            <DropdownMenu.Item className="weir-menu-item" onSelect={hand.flip}>
              <Hand aria-hidden="true" />
              {hand.on ? words.lowerHand : words.raiseHand}
            </DropdownMenu.Item>
            <DropdownMenu.Separator className="weir-menu-line" />
            <div className="weir-menu-row">
              <ReactionChoices />
            </div>
            <DropdownMenu.Separator className="weir-menu-line" />
            <LayoutChoices />
            <DropdownMenu.Separator className="weir-menu-line" />
          </div>
          <DeviceChoices devices={devices} onProblem={onProblem} />
          {children && <DropdownMenu.Separator className="weir-menu-line" />}
          {children}
          {local.grants.admin && <RoomChoices onProblem={onProblem} onEndForAll={onEndForAll} />}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

type DeviceChoicesProps = Pick<OptionsMenuProps, 'onProblem'> & { devices: ReturnType<typeof useDevices> };

function DeviceChoices({ devices, onProblem }: DeviceChoicesProps) {
  const words = useWords();
  const { cameras, microphones, speakers, selected, select } = devices;
  const kinds: [DeviceKind, string, readonly MediaDeviceInfo[]][] = [
    ['microphone', words.microphone, microphones],
    ['camera', words.camera, cameras],
    ['speaker', words.speaker, speakers],
  ];
  return kinds
    .filter(([, , ofKind]) => ofKind.length > 0)
    .map(([kind, title, ofKind]) => (
      <DropdownMenu.RadioGroup
        key={kind}
        value={selected[kind] ?? ofKind[0]!.deviceId}
        onValueChange={(id) => select(kind, id).catch((error: PlatformError) => onProblem(error, title))}
      >
        <DropdownMenu.Label className="weir-menu-title">{title}</DropdownMenu.Label>
        {ofKind.map(({ deviceId, label }, index) => (
          <DropdownMenu.RadioItem key={deviceId} value={deviceId} className="weir-menu-item">
            <MenuMark />
            <span className="weir-ellipsis">{label || words.unnamedDevice(title, index + 1)}</span>
          </DropdownMenu.RadioItem>
        ))}
      </DropdownMenu.RadioGroup>
    ));
}

function RoomChoices({ onProblem, onEndForAll }: Pick<OptionsMenuProps, 'onProblem' | 'onEndForAll'>) {
  const words = useWords();
  const room = useRoom();
  const lobby = useRoomSettings()?.lobby ?? false;
  const setLobby = (on: boolean) =>
    room.moderation
      .updateSettings({ lobby: on })
      .catch((error: PlatformError) => onProblem(error, words.lobby));
  return (
    <>
      <DropdownMenu.Separator className="weir-menu-line" />
      <DropdownMenu.CheckboxItem
        className="weir-menu-item"
        checked={lobby}
        onCheckedChange={setLobby}
        data-testid="lobby-switch"
      >
        <MenuMark fallback={<DoorOpen aria-hidden="true" />} />
        {words.lobby}
      </DropdownMenu.CheckboxItem>
      {onEndForAll && (
        <DropdownMenu.Item
          className="weir-menu-item weir-bad-ink"
          onSelect={onEndForAll}
          data-testid="end-for-all"
        >
          <PhoneOff aria-hidden="true" />
          {words.endForAll}
        </DropdownMenu.Item>
      )}
    </>
  );
}
