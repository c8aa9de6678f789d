import type { Publication } from '@weir/client';
import { Volume2 } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import { useRoomContext } from './room-context.tsx';
import { usePublicationFacts, usePublications } from './use-publications.ts';
import { useTrackElement } from './use-track-element.ts';
import { useWords } from './words-context.tsx';

/**
 * Plays everybody else's sound on the chosen speaker. Where the browser holds sound back it shows a button instead of
 * staying silent. Use it once in a page.
 */
export function AudioRenderer() {
  const words = useWords();
  const { room, deviceChoice } = useRoomContext();
  const [blocked, setBlocked] = useState(false);
  const [attempt, setAttempt] = useState(0);
  const sounds = usePublications().filter((p) => p.kind === 'audio' && p.participant !== room.local);
  const block = useCallback(() => setBlocked(true), []);
  const retry = () => {
    setBlocked(false);
    setAttempt((n) => n + 1);
  };
  return (
    <>
      {sounds.map((publication) => (
        <Sound
          key={publication.trackId}
          publication={publication}
          speaker={deviceChoice.speaker}
          attempt={attempt}
          onBlocked={block}
        />
      ))}
      {blocked && (
        <button
          type="button"
          className="weir-hear"
          onClick={retry}
          title={words.hearWhy}
          data-testid="hear-button"
        >
          <Volume2 aria-hidden="true" />
          {words.hear}
        </button>
      )}
    </>
  );
}

type SoundProps = {
  publication: Publication;
  speaker: string | undefined;
  attempt: number;
  onBlocked: () => void;
};

function Sound({ publication, speaker, attempt, onBlocked }: SoundProps) {
  const { mediaTrack } = usePublicationFacts(publication);
  const { ref, element: audio } = useTrackElement<HTMLAudioElement>(mediaTrack);

  useEffect(() => {
    void attempt;
    if (!audio || !mediaTrack) return;
    audio.play().catch((error: DOMException) => {
      if (error.name === 'NotAllowedError') onBlocked();
    });
  }, [audio, mediaTrack, attempt, onBlocked]);

  useEffect(() => {
    if (!audio || !('setSinkId' in audio)) return;
    audio.setSinkId(speaker ?? '').catch(() => {}); // Unplugged: it plays on the default one.
  }, [audio, speaker]);

  return (
    // biome-ignore lint/a11y/useMediaCaption: live speech has no caption track
    <audio ref={ref} data-participant={publication.participant.participantId} />
  );
}
