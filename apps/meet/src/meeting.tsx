import { hasSeat, PlatformError, type Room, type RoomStatus } from '@weir/client';
import { deviceProblem, type JoinChoice, PreJoin, useWords } from '@weir/react';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useBrand } from './brand-context.tsx';
import { EndedPage } from './ended-page.tsx';
import { readInvitation } from './invitation.ts';
import { memory } from './memory.ts';
import { Page } from './page.tsx';
import { preflightPath } from './router.ts';
import { useToast } from './toasts.tsx';
import { Entering, LobbyWaiting } from './waiting-pages.tsx';
import { words } from './words.ts';

declare global {
  /** The room of the running call, for tests and debugging. */
  var weirRoom: Room | undefined;
}

/** What a call needs beyond the preview: loaded while that is looked at. */
const loadVisit = () => Promise.all([import('./visit.ts'), import('./call.tsx')] as const);
type Visit = Awaited<ReturnType<typeof loadVisit>>;

type Step =
  | { at: 'preview' }
  | { at: 'loading'; choice: JoinChoice }
  | { at: 'visit'; room: Room; choice: JoinChoice; status: RoomStatus; Call: Visit[1]['Call'] }
  | { at: 'ended'; error: PlatformError | undefined; choice: JoinChoice };

/** A visit to a room: preview, joining, lobby, call, end. */
export function Meeting({ roomId }: { roomId: string }) {
  const [invitation] = useState(() => readInvitation(roomId));
  const [initial] = useState(() => initialChoice(invitation));
  const [step, setStep] = useState<Step>({ at: 'preview' });
  const visiting = useRef<{ leave(): void }>(undefined);
  const onProblem = useDeviceToast();

  const join = useCallback(
    async (choice: JoinChoice) => {
      if (visiting.current) return;
      visiting.current = { leave: () => {} };
      const end = (error: PlatformError | undefined) => {
        visiting.current = undefined;
        setStep({ at: 'ended', error, choice });
      };
      setStep({ at: 'loading', choice });
      memory.setRunning(invitation.roomId, choice);
      const loaded = await loadVisit().catch(() => undefined);
      if (!loaded) return end(new PlatformError('connection-lost', 'the page could not be loaded in full'));
      if (!visiting.current) return; // Another page was taken meanwhile.
      const [{ openRoom, enter }, { Call }] = loaded;
      const room = openRoom(invitation, choice);
      visiting.current = room;
      globalThis.weirRoom = room;
      room.events.on('statusChanged', (status) => {
        if (status === 'closed') end(room.closeError);
        else setStep({ at: 'visit', room, choice, status, Call });
      });
      enter(room, choice, onProblem).catch((error) => end(room.closeError ?? unlessLeft(error)));
    },
    [invitation, onProblem],
  );
  const joinFromPreview = (choice: JoinChoice) => {
    memory.choice = choice;
    void join(choice);
  };

  const { name } = useBrand();
  useEffect(() => {
    document.title = `${invitation.roomId} · ${name}`;
  }, [invitation, name]);
  useEffect(() => {
    // While the preview is looked at; tried again when it is needed.
    loadVisit().then(
      ([visit]) => visit.prepare(),
      () => {},
    );
    if (invitation.skipPreview || hasSeat(invitation.roomId)) void join(initial);
  }, [invitation, initial, join]);
  useEffect(
    () => () => {
      // Another page was taken; a closed tab or reload does not come here.
      visiting.current?.leave();
      visiting.current = undefined;
    },
    [],
  );

  // Who left with the microphone off comes back with it off.
  const lastChoice = (ended: { choice: JoinChoice }) => memory.running(invitation.roomId) ?? ended.choice;
  if (step.at === 'ended')
    return <EndedPage error={step.error} onRejoin={() => void join(lastChoice(step))} />;
  const status = step.at === 'visit' ? step.status : undefined;
  if (step.at === 'visit' && (status === 'connected' || status === 'reconnecting'))
    return <step.Call room={step.room} choice={step.choice} />;
  if (step.at === 'visit' && status === 'waiting') return <LobbyWaiting {...step} />;
  if (step.at === 'visit' && step.choice === initial) return <Entering room={step.room} />;
  if (step.at === 'loading' && step.choice === initial) return <Entering />;
  if (invitation.skipPreview || hasSeat(invitation.roomId)) return <Entering />;
  return (
    <Page testId="preview-page">
      <PreJoin
        initial={initial}
        joining={step.at === 'loading' || status === 'connecting'}
        onJoin={joinFromPreview}
      >
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
  const before = hasSeat(roomId) ? memory.running(roomId) : undefined;
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
