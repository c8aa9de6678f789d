import type { Participant } from '@weir/client';
import { useRef } from 'react';
import { nextSelection, type StageSelection } from './stage-selection.ts';
import { useSpeakers } from './use-speakers.ts';

/** The participants for a stage of `capacity` places, of which nobody changes place without need. */
export function useStageSelection(
  participants: readonly Participant[],
  capacity: number,
): readonly Participant[] {
  const speakers = useSpeakers().map((speaker) => speaker.participantId);
  const previous = useRef<StageSelection>([]);
  const lastSpokeAt = useRef(new Map<string, number>());
  const byId = new Map(participants.map((participant) => [participant.participantId, participant]));
  for (const id of speakers) lastSpokeAt.current.set(id, Date.now());
  for (const id of lastSpokeAt.current.keys()) if (!byId.has(id)) lastSpokeAt.current.delete(id);
  const ids = [...byId.keys()];
  previous.current = nextSelection(previous.current, ids, speakers, lastSpokeAt.current, capacity);
  return previous.current.map((id) => byId.get(id)!);
}
