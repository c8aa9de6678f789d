import type { AudioSlot, Publication } from '@weir/client';
import { Volume2 } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import { useRoomContext } from './room-context.tsx';
import { useAudioSlots } from './use-audio-slots.ts';
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
  const slots = useAudioSlots();
  const block = useCallback(() => setBlocked(true), []);
  const retry = () => {
    setBlocked(false);
    setAttempt((n) => n + 1);
  };
  return (
    <>
      {sounds.map((publication) => (
        <PublishedSound
          key={publication.trackId}
          publication={publication}
          speaker={deviceChoice.speaker}
          attempt={attempt}
          onBlocked={block}
        />
      ))}
      {slots.map((slot) => (
        <Sound
          key={slot.slotId}
          mediaTrack={slot.mediaTrack}
          carries={slot.participant?.participantId}
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

type PlaybackProps = {
  speaker: string | undefined;
  attempt: number;
  onBlocked: () => void;
};

function PublishedSound({ publication, ...playback }: PlaybackProps & { publication: Publication }) {
  const { mediaTrack } = usePublicationFacts(publication);
  return <Sound mediaTrack={mediaTrack} carries={publication.participant.participantId} {...playback} />;
}

type SoundProps = PlaybackProps & { mediaTrack: AudioSlot['mediaTrack']; carries: string | undefined };

function Sound({ mediaTrack, carries, speaker, attempt, onBlocked }: SoundProps) {
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
    <audio ref={ref} data-participant={carries} />
  );
}
