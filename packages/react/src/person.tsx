import type { Participant, PlatformError, Publication } from '@weir/client';
import { EllipsisVertical, Hand, LoaderCircle, MicOff, MonitorUp, ShieldCheck, VideoOff } from 'lucide-react';
import { DropdownMenu } from 'radix-ui';
import { Avatar } from './avatar.tsx';
import { useRoom } from './room-context.tsx';
import { useParticipantFacts } from './use-participants.ts';
import { usePublication, usePublicationFacts } from './use-publications.ts';
import type { Words } from './words.ts';
import { useWords } from './words-context.tsx';

export type Problem = { onProblem: (error: PlatformError, what: string) => void };

/** One line of the list of everybody, with what a moderator may do. */
export function Person({
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
