import type { PlatformError } from '@weir/client';
import {
  AudioRenderer,
  ChatPanel,
  ControlBar,
  DebugPanel,
  deviceProblem,
  type JoinChoice,
  type Panel,
  ParticipantGrid,
  ParticipantsPanel,
  ReactionOverlay,
  RoomProvider,
  type RoomProviderProps,
  type StageChoice,
  useMediaSwitch,
  usePictureInPicture,
  useRoom,
  useShortcuts,
  useWords,
} from '@weir/react';
import { MonitorUp } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { AloneHint, CallInfo } from './call-info.tsx';
import { CallMenuItems } from './call-menu-items.tsx';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { ConnectionNotice } from './connection-notice.tsx';
import { memory } from './memory.ts';
import { ShortcutsDialog } from './shortcuts-dialog.tsx';
import { StatusBanner } from './status-banner.tsx';
import { useToast } from './toasts.tsx';
import { useCallNews } from './use-call-news.ts';
import { words } from './words.ts';

export type CallProps = Pick<RoomProviderProps, 'room'> & { choice: JoinChoice };

/** The call itself, while the room is joined. */
export function Call({ room, choice }: CallProps) {
  const remember = useCallback((devices: JoinChoice['devices']) => {
    memory.devices = devices;
  }, []);
  const rememberStage = useCallback((stage: StageChoice) => {
    memory.stage = stage;
  }, []);
  return (
    <RoomProvider
      room={room}
      deviceChoice={choice.devices}
      onDeviceChoice={remember}
      stageChoice={memory.stage}
      onStageChoice={rememberStage}
    >
      <CallStage choice={choice} />
    </RoomProvider>
  );
}

function CallStage({ choice }: { choice: JoinChoice }) {
  const room = useRoom();
  const [panel, setPanel] = useState<Panel>();
  const [ending, setEnding] = useState(false);
  const [debugging, setDebugging] = useState(() => new URLSearchParams(location.search).has('debug'));
  const [helping, setHelping] = useState(false);
  const picture = usePictureInPicture();
  useShortcuts({ '?': () => setHelping(true), '`': () => setDebugging((shown) => !shown) });
  const onProblem = useProblemToast();
  useCallNews(panel, setPanel);
  useRunningMemory(choice);
  useWakeLock();
  const close = () => setPanel(undefined);
  return (
    <div className="meet-call" data-testid="call" data-panel={panel}>
      <CallInfo />
      <main className="meet-stage">
        <ParticipantGrid />
        <ReactionOverlay />
        <div className="meet-over">
          <StatusBanner />
          <ConnectionNotice />
          <AloneHint />
          <SharingNotice onProblem={onProblem} />
        </div>
      </main>
      {panel === 'chat' && <ChatPanel onClose={close} />}
      {panel === 'participants' && <ParticipantsPanel onClose={close} onProblem={onProblem} />}
      <footer className="meet-bar">
        <ControlBar
          panel={panel}
          onPanel={setPanel}
          onLeave={() => void room.leave()}
          onEndForAll={() => setEnding(true)}
          onProblem={onProblem}
          menuItems={<CallMenuItems picture={picture} onShortcuts={() => setHelping(true)} />}
        />
      </footer>
      <AudioRenderer />
      {debugging && <DebugPanel />}
      {picture.window}
      {helping && <ShortcutsDialog onClose={() => setHelping(false)} />}
      {ending && (
        <ConfirmDialog
          title={words.endTitle}
          text={words.endText}
          confirm={words.endConfirm}
          onCancel={() => setEnding(false)}
          onConfirm={() => {
            setEnding(false);
            room.moderation.endRoom().catch((error: PlatformError) => onProblem(error, words.endConfirm));
          }}
        />
      )}
    </div>
  );
}

/** Says a failed device or action as words with what to do. */
function useProblemToast(): (error: PlatformError, what: string) => void {
  const toast = useToast();
  const callWords = useWords();
  return useCallback(
    (error, what) => {
      const known = Object.hasOwn(callWords.deviceProblems, error.code);
      const text = known ? deviceProblem(callWords, error.code, what) : words.failed(what, error.hint);
      toast({ text, problem: true });
    },
    [toast, callWords],
  );
}

/** Keeps what is on, so that a page reload or a rejoin comes back the same. */
function useRunningMemory(choice: JoinChoice): void {
  const { roomId } = useRoom();
  const camera = useLastState('camera', choice.camera);
  const microphone = useLastState('microphone', choice.microphone);
  useEffect(() => {
    const { displayName } = choice;
    memory.setRunning(roomId, { displayName, camera, microphone, devices: memory.choice.devices });
  }, [roomId, choice, camera, microphone]);
}

/** Whether a source is on; while it is not published, as it was before. */
function useLastState(source: 'camera' | 'microphone', initial: boolean): boolean {
  const { local } = useRoom();
  const last = useRef(initial);
  const { on } = useMediaSwitch(source);
  if (local.publication(source)) last.current = on;
  return last.current;
}

/** Keeps a phone's screen from going dark. */
function useWakeLock(): void {
  useEffect(() => {
    let lock: WakeLockSentinel | undefined;
    let over = false;
    const take = async () => {
      if (document.visibilityState !== 'visible') return;
      try {
        lock = await navigator.wakeLock?.request('screen'); // The browser takes it back when the page is hidden.
        if (over) await lock?.release();
      } catch {} // Low battery, or not allowed: then it goes dark.
    };
    void take();
    document.addEventListener('visibilitychange', take);
    return () => {
      over = true;
      document.removeEventListener('visibilitychange', take);
      lock?.release().catch(() => {});
    };
  }, []);
}

/** One's own shared screen is not shown to oneself: this stands for it. */
function SharingNotice({ onProblem }: { onProblem: (error: PlatformError, what: string) => void }) {
  const callWords = useWords();
  const screen = useMediaSwitch('screen');
  if (!screen.on) return null;
  return (
    <div className="meet-alone" data-testid="sharing-notice">
      <p>
        <MonitorUp aria-hidden="true" /> {callWords.sharing}
      </p>
      <button
        type="button"
        className="weir-button weir-small"
        onClick={() => screen.set(false).catch((error: PlatformError) => onProblem(error, callWords.share))}
      >
        {callWords.stopSharing}
      </button>
    </div>
  );
}
