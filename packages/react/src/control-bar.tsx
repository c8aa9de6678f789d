import type { PlatformError } from '@weir/client';
import {
  Hand,
  type LucideIcon,
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
  /** Shown to moderators only. */
  onEndForAll?: () => void;
  /** A device or switch that did not work. `what` is its name in words. */
  onProblem: (error: PlatformError, what: string) => void;
};

/** Microphone, camera, screen, hand, panels and leaving; with the keys M, V, S, H, C and P. */
export function ControlBar({ panel, onPanel, onLeave, onEndForAll, onProblem }: ControlBarProps) {
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
      />
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

type SwitchButtonProps = {
  media: MediaSwitch;
  /** On, off. */
  icons: [LucideIcon, LucideIcon];
  /** What a click does when on, when off. */
  labels: [string, string];
  shortcut: string;
  testId: string;
  onClick: () => void;
};

function SwitchButton({ media, icons, labels, shortcut, testId, onClick }: SwitchButtonProps) {
  const words = useWords();
  const { on, locked, pending } = media;
  const why = locked === 'moderator' ? words.lockedByModerator : locked && words.lockedByGrants;
  return (
    <BarButton
      icon={on ? icons[0] : icons[1]}
      label={on ? labels[0] : labels[1]}
      hint={why}
      shortcut={shortcut}
      testId={testId}
      off={!on}
      busy={pending}
      locked={locked !== undefined}
      onClick={onClick}
    />
  );
}

type BarButtonProps = {
  icon: LucideIcon;
  label: string;
  hint?: string | undefined;
  shortcut: string;
  testId: string;
  active?: boolean;
  off?: boolean;
  busy?: boolean;
  locked?: boolean;
  badge?: number;
  wideOnly?: boolean;
  onClick: () => void;
};

function BarButton(props: BarButtonProps) {
  const { icon: Icon, label, hint, shortcut, testId, badge = 0 } = props;
  const full = hint ? `${label}: ${hint}` : label;
  return (
    <button
      type="button"
      className={`weir-bar-button${props.wideOnly ? ' weir-wide-only' : ''}`}
      onClick={props.onClick}
      aria-label={full}
      aria-keyshortcuts={shortcut}
      aria-pressed={props.active}
      aria-busy={props.busy}
      data-on={props.off === undefined ? undefined : !props.off}
      data-locked={props.locked || undefined}
      data-testid={testId}
      title={`${full} (${shortcut})`}
    >
      <Icon aria-hidden="true" />
      {badge > 0 && <span className="weir-badge">{badge > 99 ? '99+' : badge}</span>}
    </button>
  );
}
