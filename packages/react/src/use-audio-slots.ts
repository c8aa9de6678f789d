import type { AudioSlot } from '@weir/client';
import { useRoom } from './room-context.tsx';
import { useRoomRevision } from './use-room-value.ts';

const slotEvents = ['audioSlotsChanged', 'trackPublished', 'trackUnpublished'] as const;

/** The sound streams of a big room, with whom each carries now; empty where each microphone comes by itself. */
export function useAudioSlots(): readonly AudioSlot[] {
  useRoomRevision(slotEvents);
  return useRoom().audioSlots;
}
