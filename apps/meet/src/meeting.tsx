import { PlatformError, Room, type RoomStatus } from '@weir/client';
import { Avatar, deviceProblem, type JoinChoice, PreJoin, useWords } from '@weir/react';
import { DoorOpen, LoaderCircle } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { Call } from './call.tsx';
import { EndedPage } from './ended-page.tsx';
import { readInvitation } from './invitation.ts';
import { memory } from './memory.ts';
import { MessagePage } from './message-page.tsx';
import { Page } from './page.tsx';
import { preflightPath } from './router.ts';
import { useToast } from './toasts.tsx';
import { enter, openRoom } from './visit.ts';
import { words } from './words.ts';

declare global {
  /** The room of the running call, for tests and debugging. */
  var weirRoom: Room | undefined;
}

type Step =
  | { at: 'preview' }
  | { at: 'visit'; room: Room; choice: JoinChoice; status: RoomStatus }
  | { at: 'ended'; error: PlatformError | undefined; choice: JoinChoice };

/** A visit to a room: preview, joining, lobby, call, end. */
export function Meeting({ roomId }: { roomId: string }) {
  const [invitation] = useState(() => readInvitation(roomId));
  const [initial] = useState(() => initialChoice(invitation));
  const [step, setStep] = useState<Step>({ at: 'preview' });
  const running = useRef<Room>(undefined);
  const onProblem = useDeviceToast();

  const join = useCallback(
    (choice: JoinChoice) => {
      if (running.current && running.current.status !== 'closed') return;
      const room = openRoom(invitation, choice);
      memory.setRunning(invitation.roomId, choice);
      running.current = room;
      globalThis.weirRoom = room;
      room.events.on('statusChanged', (status) => {
        if (status !== 'closed') setStep({ at: 'visit', room, choice, status });
        else setStep({ at: 'ended', error: room.closeError, choice });
      });
      enter(room, choice, onProblem).catch((error) =>
        setStep({ at: 'ended', error: room.closeError ?? unlessLeft(error), choice }),
      );
    },
    [invitation, onProblem],
  );
  const joinFromPreview = (choice: JoinChoice) => {
    memory.choice = choice;
    join(choice);
  };

  useEffect(() => {
    void Room.prepare(); // While the preview is looked at.
    document.title = `${invitation.roomId} · ${words.product}`;
    if (invitation.skipPreview || Room.hasSeat(invitation.roomId)) join(initial);
  }, [invitation, initial, join]);
  useEffect(
    () => () => {
      void running.current?.leave(); // Another page was taken; a closed tab or reload does not come here.
    },
    [],
  );

  // Who left with the microphone off comes back with it off.
  const lastChoice = (ended: { choice: JoinChoice }) => memory.running(invitation.roomId) ?? ended.choice;
  if (step.at === 'ended') return <EndedPage error={step.error} onRejoin={() => join(lastChoice(step))} />;
  const status = step.at === 'visit' ? step.status : undefined;
  if (step.at === 'visit' && (status === 'connected' || status === 'reconnecting'))
    return <Call room={step.room} choice={step.choice} />;
  if (step.at === 'visit' && status === 'waiting') return <LobbyWaiting {...step} />;
  if (step.at === 'visit' && step.choice === initial) return <Entering room={step.room} />;
  if (invitation.skipPreview || Room.hasSeat(invitation.roomId)) return <Entering />;
  return (
    <Page testId="preview-page">
      <PreJoin initial={initial} joining={status === 'connecting'} onJoin={joinFromPreview}>
        <div className="meet-preview-title">
          <h1>{words.previewTitle(invitation.roomId)}</h1>
          <p className="weir-quiet">
            {words.previewHint}{' '}
            <a className="meet-preview-test" href={preflightPath(invitation.roomId)}>
              {words.testConnection}
            </a>
          </p>
        </div>
      </PreJoin>
    </Page>
  );
}

/** As it was before a reload of the page, else as last time, under the invitation's name. */
function initialChoice({ roomId, displayName, skipPreview }: ReturnType<typeof readInvitation>): JoinChoice {
  const before = Room.hasSeat(roomId) ? memory.running(roomId) : undefined;
  if (before) return before;
  const last = memory.choice;
  const name = displayName || last.displayName;
  return { ...last, displayName: name || (skipPreview ? words.guest : '') };
}

function unlessLeft(error: unknown): PlatformError | undefined {
  const known = PlatformError.from(error);
  return known.code === 'aborted' ? undefined : known;
}

function useDeviceToast() {
  const toast = useToast();
  const callWords = useWords();
  return useCallback(
    (error: PlatformError, source: 'camera' | 'microphone') =>
      toast({ text: deviceProblem(callWords, error.code, callWords[source]), problem: true }),
    [toast, callWords],
  );
}

function Entering({ room }: { room?: Room }) {
  return (
    <MessagePage
      icon={<LoaderCircle className="weir-spin" aria-hidden="true" />}
      title={words.entering}
      text=""
      testId="entering"
    >
      {room && (
        <button type="button" className="weir-button" onClick={() => void room.leave()}>
          {words.cancel}
        </button>
      )}
    </MessagePage>
  );
}

function LobbyWaiting({ room, choice }: { room: Room; choice: JoinChoice }) {
  return (
    <MessagePage
      icon={
        choice.displayName ? <Avatar name={choice.displayName} identity={choice.displayName} /> : <DoorOpen />
      }
      title={words.lobbyTitle}
      text={words.lobbyText}
      testId="lobby-waiting"
    >
      <LoaderCircle className="weir-spin" aria-hidden="true" />
      <button
        type="button"
        className="weir-button"
        onClick={() => void room.leave()}
        data-testid="leave-button"
      >
        {words.cancel}
      </button>
    </MessagePage>
  );
}
