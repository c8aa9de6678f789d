import type { Participant } from '@weir/client';
import { useRoomValue } from './use-room-value.ts';

const speakerEvents = ['speakersChanged'] as const;

/** Who speaks now, loudest first. */
export function useSpeakers(): readonly Participant[] {
  return useRoomValue(speakerEvents, (room) => room.speakers);
}

export function useIsSpeaking(participant: Participant): boolean {
  return useRoomValue(speakerEvents, (room) => room.speakers.includes(participant));
}
