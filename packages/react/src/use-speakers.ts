import type { Participant } from '@weir/client';
import { useRef } from 'react';
import { useRoomValue } from './use-room-value.ts';

const speakerEvents = ['speakersChanged'] as const;

/** Who speaks now, loudest first. */
export function useSpeakers(): readonly Participant[] {
  return useRoomValue(speakerEvents, (room) => room.speakers);
}

export function useIsSpeaking(participant: Participant): boolean {
  return useRoomValue(speakerEvents, (room) => room.speakers.includes(participant));
}

/** Of the others, who speaks: it stays while it speaks on, and until somebody else does. */
export function useMainSpeaker(): Participant | undefined {
  const previous = useRef<Participant>(undefined);
  const others = useSpeakers().filter(({ isLocal }) => !isLocal);
  if (!previous.current || !others.includes(previous.current))
    previous.current = others[0] ?? previous.current;
  return previous.current;
}
