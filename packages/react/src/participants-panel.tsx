import type { Participant, PlatformError, Publication } from '@weir/client';
import { EllipsisVertical, Hand, LoaderCircle, MicOff, MonitorUp, ShieldCheck, VideoOff } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { Avatar } from './avatar.tsx';
import { LobbyPanel } from './lobby-panel.tsx';
import { useRoom } from './room-context.tsx';
import { SidePanel } from './side-panel.tsx';
import { raisedHand, useLocalParticipant, useParticipantFacts, useParticipants } from './use-participants.ts';
import { usePublication, usePublicationFacts } from './use-publications.ts';
import type { Words } from './words.ts';
import { useWords } from './words-context.tsx';

type Problem = { onProblem: (error: PlatformError, what: string) => void };

/** Everybody in the room and how they are there; for moderators also the lobby and what they may do. */
export function ParticipantsPanel({ onClose, onProblem }: Problem & { onClose: () => void }) {
  const words = useWords();
  const participants = useParticipants();
  const hands = participants
    .filter((participant) => raisedHand(participant) !== undefined)
    .sort((a, b) => raisedHand(a)! - raisedHand(b)!);
  return (
    <SidePanel title={words.participants} testId="participants-panel" onClose={onClose}>
      <div className="weir-panel-body">
        <LobbyPanel onProblem={onProblem} />
        {hands.length > 0 && <RaisedHands participants={hands} />}
        <People title={words.inTheCall} participants={participants} onProblem={onProblem} />
      </div>
    </SidePanel>
  );
}

/** Who wants to speak, longest first. What can be done with them is in the list of everybody. */
function RaisedHands({ participants }: { participants: readonly Participant[] }) {
  const words = useWords();
  return (
    <section aria-label={words.raisedHands}>
      <header className="weir-list-head">
        <h3>
          {words.raisedHands} <span className="weir-count">{participants.length}</span>
        </h3>
      </header>
      <ul className="weir-list">
        {participants.map(({ participantId, displayName, identity }) => (
          <li key={participantId} className="weir-person" data-testid="raised-hand" data-identity={identity}>
            <Avatar name={displayName} identity={identity} />
            <span className="weir-person-name">
              <span className="weir-ellipsis">{displayName}</span>
            </span>
            <Hand className="weir-warn-ink" aria-hidden="true" />
          </li>
        ))}
      </ul>
    </section>
  );
}

function People({
  title,
  participants,
  onProblem,
}: Problem & { title: string; participants: readonly Participant[] }) {
  const moderating = useLocalParticipant().grants.admin;
  return (
    <section aria-label={title}>
      <header className="weir-list-head">
        <h3>
          {title} <span className="weir-count">{participants.length}</span>
        </h3>
      </header>
      <ul className="weir-list">
        {participants.map((participant) => (
          <Person
            key={participant.participantId}
            participant={participant}
            moderating={moderating && !participant.isLocal}
            onProblem={onProblem}
          />
        ))}
      </ul>
    </section>
  );
}

function Person({
  participant,
  moderating,
  onProblem,
}: Problem & { participant: Participant; moderating: boolean }) {
  const words = useWords();
  const { displayName, status, admin, raisedHandAt } = useParticipantFacts(participant);
  const microphone = usePublicationFacts(usePublication(participant, 'microphone'));
  const camera = usePublicationFacts(usePublication(participant, 'camera'));
  const screen = usePublicationFacts(usePublication(participant, 'screen'));
  return (
    <li className="weir-person" data-testid="person" data-identity={participant.identity}>
      <Avatar name={displayName} identity={participant.identity} />
      <span className="weir-person-name">
        <span className="weir-ellipsis">
          {displayName} {participant.isLocal && <span className="weir-quiet">{words.youSuffix}</span>}
        </span>
        {status === 'reconnecting' ? (
          <span className="weir-person-note">
            <LoaderCircle className="weir-spin" aria-hidden="true" />
            {words.reconnecting}
          </span>
        ) : (
          admin && (
            <span className="weir-person-note">
              <ShieldCheck aria-hidden="true" />
              {words.moderator}
            </span>
          )
        )}
      </span>
      <span className="weir-person-marks">
        {raisedHandAt !== undefined && (
          <Hand className="weir-warn-ink" role="img" aria-label={words.handRaised} />
        )}
        {!screen.muted && <MonitorUp role="img" aria-label={words.screenOf(displayName)} />}
        {camera.muted && <VideoOff role="img" aria-label={words.cameraIsOff} />}
        {microphone.muted && <MicOff className="weir-bad-ink" role="img" aria-label={words.muted} />}
      </span>
      {moderating && <PersonMenu participant={participant} name={displayName} onProblem={onProblem} />}
    </li>
  );
}

function PersonMenu({ participant, name, onProblem }: Problem & { participant: Participant; name: string }) {
  const words = useWords();
  const { moderation } = useRoom();
  const run = (what: string, work: () => Promise<void>) => () =>
    void work().catch((error: PlatformError) => onProblem(error, what));
  const setAdmin = (admin: boolean) => moderation.setGrants(participant.participantId, { admin });
  const adminLabel = participant.grants.admin ? words.takeModerator : words.makeModerator;
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger
        className="weir-icon-button"
        aria-label={words.manage(name)}
        title={words.manage(name)}
        data-testid="person-menu"
      >
        <EllipsisVertical aria-hidden="true" />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="weir-menu" align="end" sideOffset={4} collisionPadding={8}>
          {[...participant.publications.values()].map((publication) => {
            const lock = lockOf(words, publication);
            return (
              lock && (
                <DropdownMenu.Item
                  key={publication.trackId}
                  className="weir-menu-item"
                  onSelect={run(lock.label, () => moderation.mute(publication.trackId, lock.mute))}
                  data-testid={`moderate-${publication.source}`}
                >
                  {lock.label}
                </DropdownMenu.Item>
              )
            );
          })}
          <DropdownMenu.Item
            className="weir-menu-item"
            onSelect={run(adminLabel, () => setAdmin(!participant.grants.admin))}
            data-testid="moderate-admin"
          >
            {adminLabel}
          </DropdownMenu.Item>
          <DropdownMenu.Separator className="weir-menu-line" />
          <DropdownMenu.Item
            className="weir-menu-item weir-bad-ink"
            onSelect={run(words.remove, () => moderation.remove(participant.participantId))}
            data-testid="moderate-remove"
          >
            {words.remove}
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

/** What a moderator can do to a track now: lock it while it runs, free it once locked. */
function lockOf(words: Words, publication: Publication): { label: string; mute: boolean } | undefined {
  const labels = {
    microphone: [words.muteMicrophone, words.allowMicrophone],
    camera: [words.stopCamera, words.allowCamera],
    screen: [words.stopTheirScreen, words.allowScreen],
  };
  const { source } = publication;
  if (!(source in labels)) return undefined;
  const [mute, allow] = labels[source as keyof typeof labels] as [string, string];
  if (publication.mutedBy === 'moderator') return { label: allow, mute: false };
  return { label: mute, mute: true };
}
