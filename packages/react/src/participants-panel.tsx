import type { Participant } from '@weir/client';
import { Hand, Search } from 'lucide-react';
import { useState } from 'react';
import { Avatar } from './avatar.tsx';
import { LobbyPanel } from './lobby-panel.tsx';
import { Person, type Problem } from './person.tsx';
import { SidePanel } from './side-panel.tsx';
import { raisedHand, useLocalParticipant, useParticipants } from './use-participants.ts';
import { useWords } from './words-context.tsx';

/** From so many on a list is searched rather than read. */
const searchFrom = 8;

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
  const words = useWords();
  const moderating = useLocalParticipant().grants.admin;
  const [text, setText] = useState('');
  const searching = participants.length >= searchFrom;
  const found = searching ? participants.filter(({ displayName }) => isIn(text, displayName)) : participants;
  return (
    <section aria-label={title}>
      <header className="weir-list-head">
        <h3>
          {title} <span className="weir-count">{participants.length}</span>
        </h3>
      </header>
      {searching && (
        <label className="weir-search">
          <Search aria-hidden="true" />
          <input
            type="search"
            value={text}
            onChange={({ target }) => setText(target.value)}
            placeholder={words.findPeople}
            aria-label={words.findPeople}
            data-testid="find-people"
          />
        </label>
      )}
      {found.length === 0 && <p className="weir-panel-note">{words.nobodyFound}</p>}
      <ul className="weir-list">
        {found.map((participant) => (
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

/** Accents and capitals do not matter: nobody knows how a name is written. */
export function isIn(text: string, name: string): boolean {
  return bare(name).includes(bare(text.trim()));
}

function bare(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase();
}
