import type { PlatformError } from '@weir/client';
import {
  Hand,
  MessageSquare,
  Mic,
  MicOff,
  MonitorOff,
  MonitorUp,
  PhoneOff,
  Users,
  Video,
  VideoOff,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { BarButton, SwitchButton } from './bar-button.tsx';
import { LayoutMenu } from './layout-menu.tsx';
import { OptionsMenu } from './options-menu.tsx';
import { ReactionMenu } from './reaction-menu.tsx';
import { useChat } from './use-chat.ts';
import { useLobby } from './use-lobby.ts';
import { type MediaSwitch, type SwitchSource, useMediaSwitch } from './use-media-switch.ts';
import { useRaisedHand } from './use-participants.ts';
import { useShortcuts } from './use-shortcuts.ts';
import { useWords } from './words-context.tsx';

export type Panel = 'chat' | 'participants';

export type ControlBarProps = {
  /** The open panel, if any. */
  panel?: Panel | undefined;
  onPanel: (panel: Panel | undefined) => void;
  onLeave: () => void;
  /** The app's own lines in the menu of devices and more: `<MenuItem>`s. */
  menuItems?: ReactNode;
  /** Shown to moderators only. */
  onEndForAll?: () => void;
  /** A device or switch that did not work. `what` is its name in words. */
  onProblem: (error: PlatformError, what: string) => void;
};

/** Microphone, camera, screen, hand, panels and leaving; with the keys M, V, S, H, C and P. */
export function ControlBar(props: ControlBarProps) {
  const { panel, onPanel, onLeave, onEndForAll, onProblem, menuItems } = props;
  const words = useWords();
  const microphone = useMediaSwitch('microphone');
  const camera = useMediaSwitch('camera');
  const screen = useMediaSwitch('screen');
  const hand = useRaisedHand();
  const { unread } = useChat();
  const { waiting } = useLobby();

  const names = { microphone: words.microphone, camera: words.camera, screen: words.share };
  const flip = (media: MediaSwitch, source: SwitchSource) =>
    media.set(!media.on).catch((error: PlatformError) => {
      // Closing the browser's own picker is no problem to tell.
      if (source === 'screen' && error.code === 'device-permission-denied') return;
      onProblem(error, names[source]);
    });
  const flipHand = () =>
    hand.set(!hand.raised).catch((error: PlatformError) => onProblem(error, words.raiseHand));
  const flipPanel = (which: Panel) => onPanel(panel === which ? undefined : which);
  const canShare = 'getDisplayMedia' in (navigator.mediaDevices ?? {});
  const share = () => canShare && flip(screen, 'screen');

  useShortcuts({
    m: () => flip(microphone, 'microphone'),
    v: () => flip(camera, 'camera'),
    s: share,
    h: flipHand,
    c: () => flipPanel('chat'),
    p: () => flipPanel('participants'),
    escape: () => onPanel(undefined),
  });

  return (
    <div className="weir-bar" role="toolbar" aria-label={words.controls}>
      <SwitchButton
        media={microphone}
        icons={[Mic, MicOff]}
        labels={[words.mute, words.unmute]}
        shortcut="M"
        testId="mic-button"
        onClick={() => flip(microphone, 'microphone')}
      />
      <SwitchButton
        media={camera}
        icons={[Video, VideoOff]}
        labels={[words.cameraOff, words.cameraOn]}
        shortcut="V"
        testId="camera-button"
        onClick={() => flip(camera, 'camera')}
      />
      {canShare && (
        <BarButton
          icon={screen.on ? MonitorOff : MonitorUp}
          label={screen.on ? words.stopSharing : words.share}
          shortcut="S"
          testId="screen-button"
          active={screen.on}
          locked={!screen.on && screen.locked !== undefined}
          busy={screen.pending}
          wideOnly
          onClick={share}
        />
      )}
      <BarButton
        icon={Hand}
        label={hand.raised ? words.lowerHand : words.raiseHand}
        shortcut="H"
        testId="hand-button"
        active={hand.raised}
        wideOnly
        onClick={flipHand}
      />
      <ReactionMenu className="weir-wide-only" />
      <LayoutMenu className="weir-wide-only" />
      <OptionsMenu
        screen={canShare ? { on: screen.on, flip: share } : undefined}
        hand={{ on: hand.raised, flip: flipHand }}
        onProblem={onProblem}
        onEndForAll={onEndForAll}
      >
        {menuItems}
      </OptionsMenu>
      <span className="weir-bar-gap" />
      <BarButton
        icon={MessageSquare}
        label={words.chat}
        hint={unread > 0 ? words.unread(unread) : undefined}
        shortcut="C"
        testId="chat-button"
        active={panel === 'chat'}
        badge={unread}
        onClick={() => flipPanel('chat')}
      />
      <BarButton
        icon={Users}
        label={words.participants}
        hint={waiting.length > 0 ? words.waiting(waiting.length) : undefined}
        shortcut="P"
        testId="participants-button"
        active={panel === 'participants'}
        badge={waiting.length}
        onClick={() => flipPanel('participants')}
      />
      <button
        type="button"
        className="weir-bar-button weir-leave"
        onClick={onLeave}
        aria-label={words.leave}
        title={words.leave}
        data-testid="leave-button"
      >
        <PhoneOff aria-hidden="true" />
        <span className="weir-wide-only">{words.leave}</span>
      </button>
    </div>
  );
}
