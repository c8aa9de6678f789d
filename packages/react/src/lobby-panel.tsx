import type { PlatformError } from '@weir/client';
import { Check, X } from 'lucide-react';
import { useState } from 'react';
import { Avatar } from './avatar.tsx';
import { useLobby } from './use-lobby.ts';
import { useWords } from './words-context.tsx';

/** Who waits to be let in, with the decision beside each; nothing when nobody waits. For moderators. */
export function LobbyPanel({ onProblem }: { onProblem: (error: PlatformError, what: string) => void }) {
  const words = useWords();
  const { waiting, admit, refuse } = useLobby();
  const [deciding, setDeciding] = useState<ReadonlySet<string>>(new Set());
  if (waiting.length === 0) return null;

  const decide = async (participantId: string, decision: typeof admit) => {
    setDeciding((before) => new Set(before).add(participantId));
    try {
      await decision(participantId);
    } catch (error) {
      onProblem(error as PlatformError, words.lobbyTitle);
    } finally {
      setDeciding((before) => new Set([...before].filter((id) => id !== participantId)));
    }
  };
  return (
    <section className="weir-lobby" aria-label={words.lobbyTitle}>
      <header className="weir-list-head">
        <h3>
          {words.lobbyTitle} <span className="weir-count">{waiting.length}</span>
        </h3>
        {waiting.length > 1 && (
          <button
            type="button"
            className="weir-link-button"
            onClick={() => waiting.map(({ participantId }) => decide(participantId, admit))}
          >
            {words.admitAll}
          </button>
        )}
      </header>
      <ul className="weir-list">
        {waiting.map(({ participantId, displayName, identity }) => {
          const name = displayName || identity;
          return (
            <li key={participantId} className="weir-person" data-testid="lobby-person">
              <Avatar name={name} identity={identity} />
              <span className="weir-person-name">
                <span className="weir-ellipsis">{name}</span>
              </span>
              <button
                type="button"
                className="weir-icon-button"
                disabled={deciding.has(participantId)}
                onClick={() => decide(participantId, refuse)}
                aria-label={words.refuseName(name)}
                title={words.refuse}
                data-testid="lobby-refuse"
              >
                <X aria-hidden="true" />
              </button>
              <button
                type="button"
                className="weir-button weir-small"
                disabled={deciding.has(participantId)}
                onClick={() => decide(participantId, admit)}
                aria-label={words.admitName(name)}
                data-testid="lobby-admit"
              >
                <Check aria-hidden="true" />
                {words.admit}
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
