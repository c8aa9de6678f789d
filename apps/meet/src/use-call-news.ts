import type { Participant, Publication, Room } from '@weir/client';
import { type Panel, raisedHand, useRoom } from '@weir/react';
import { useEffect, useRef } from 'react';
import { useToast } from './toasts.tsx';
import { words } from './words.ts';

/** In a larger room everybody's comings and goings are noise. */
const smallRoom = 8;
const previewLetters = 100;

/** Tells in passing what happens in the room. `open`: the panel that shows it already. */
export function useCallNews(open: Panel | undefined, onPanel: (panel: Panel) => void): void {
  const room = useRoom();
  const toast = useToast();
  const current = useRef({ open, onPanel });
  useEffect(() => {
    current.current = { open, onPanel };
  });
  useEffect(() => {
    const abort = new AbortController();
    const { signal } = abort;
    const show = (panel: Panel) => ({ label: words.show, run: () => current.current.onPanel(panel) });

    tellPeople(room, toast, signal);
    tellYourself(room, toast, signal);
    room.events.on(
      'dataReceived',
      ({ topic, payload, encoding }, from) => {
        if (topic !== 'chat' || encoding !== 'utf8' || !from || current.current.open === 'chat') return;
        const text = payload.length > previewLetters ? `${payload.slice(0, previewLetters)}…` : payload;
        toast({ text: `${from.displayName}: ${text}`, action: show('chat') });
      },
      signal,
    );
    let waited = new Set(room.lobby.map((waiting) => waiting.participantId));
    room.events.on(
      'lobbyChanged',
      (lobby) => {
        const arrived = lobby.filter(({ participantId }) => !waited.has(participantId));
        waited = new Set(lobby.map((waiting) => waiting.participantId));
        if (current.current.open === 'participants') return;
        for (const { displayName, identity } of arrived)
          toast({ text: words.waits(displayName || identity), action: show('participants') });
      },
      signal,
    );
    return () => abort.abort();
  }, [room, toast]);
}

type Say = ReturnType<typeof useToast>;

function tellPeople({ events, remotes, local }: Room, say: Say, signal: AbortSignal): void {
  const small = () => remotes.size < smallRoom;
  events.on('participantJoined', (p) => small() && say({ text: words.joined(p.displayName) }), signal);
  events.on(
    'participantLeft',
    ({ displayName }, reason) => {
      if (!small() || reason === 'room-ended' || reason === 'replaced') return;
      const told = { left: words.left, lost: words.lost, removed: words.removed }[reason];
      say({ text: told(displayName) });
    },
    signal,
  );
  events.on(
    'trackPublished',
    ({ source, participant }) => source === 'screen' && say({ text: words.sharing(participant.displayName) }),
    signal,
  );
  const hands = new WeakMap<Participant, number | undefined>();
  for (const participant of remotes.values()) hands.set(participant, raisedHand(participant));
  events.on(
    'participantUpdated',
    (participant) => {
      const raisedAt = raisedHand(participant);
      const before = hands.get(participant);
      hands.set(participant, raisedAt);
      if (raisedAt && raisedAt !== before && participant !== local)
        say({ text: words.handRaised(participant.displayName) });
    },
    signal,
  );
}

/** What others did to you, and how your connection fares. */
function tellYourself({ events, local }: Room, say: Say, signal: AbortSignal): void {
  const stopped = new Map<string, boolean>();
  const lockedNow = (publication: Publication) => publication.mutedBy === 'moderator';
  for (const publication of local.publications.values())
    stopped.set(publication.source, lockedNow(publication));
  events.on(
    'trackUpdated',
    (publication) => {
      if (publication.participant !== local) return;
      const { source } = publication;
      const before = stopped.get(source) ?? false;
      const now = lockedNow(publication);
      stopped.set(source, now);
      if (now === before) return;
      say({ text: now ? lockWords(source) : words.unlocked, problem: now });
    },
    signal,
  );
  let { admin } = local.grants;
  events.on(
    'participantUpdated',
    (participant) => {
      if (participant !== local || local.grants.admin === admin) return;
      admin = local.grants.admin;
      say({ text: admin ? words.nowModerator : words.notModerator });
    },
    signal,
  );
  let away = false;
  events.on(
    'statusChanged',
    (status) => {
      if (status === 'connected' && away) say({ text: words.back });
      away = status === 'reconnecting';
    },
    signal,
  );
  events.on('mediaReset', () => say({ text: words.mediaReset }), signal);
}

function lockWords(source: string): string {
  if (source === 'camera') return words.cameraStopped;
  return source === 'screen' ? words.screenStopped : words.mutedByModerator;
}
