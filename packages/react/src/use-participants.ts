import type { LocalParticipant, Participant } from '@weir/client';
import { useEffect, useMemo, useState } from 'react';
import { useRoom } from './room-context.tsx';
import { useRoomRevision, useRoomValue } from './use-room-value.ts';

const listEvents = ['statusChanged', 'participantJoined', 'participantUpdated', 'participantLeft'] as const;
const factEvents = ['statusChanged', 'participantUpdated'] as const;

/**
 * Everybody in the room, you included, in an order that only joining and leaving change: you first (`localFirst`, the
 * default), then by joining. A new array whenever somebody joins, leaves or changes.
 */
export function useParticipants({ localFirst = true } = {}): readonly Participant[] {
  const room = useRoom();
  const revision = useRoomRevision(listEvents);
  return useMemo(() => {
    void revision;
    const everybody: Participant[] = [room.local, ...room.remotes.values()];
    return localFirst ? everybody : everybody.sort((a, b) => a.info.joinedAt - b.info.joinedAt);
  }, [room, revision, localFirst]);
}

/** You, rendered again when your name, grants or attributes change. */
export function useLocalParticipant(): LocalParticipant {
  const room = useRoom();
  useRoomRevision(factEvents);
  return room.local;
}

/** A participant's facts to show, each rendered again when it changes. */
export function useParticipantFacts(participant: Participant) {
  const displayName = useRoomValue(factEvents, () => participant.displayName);
  const status = useRoomValue(factEvents, () => participant.status);
  const admin = useRoomValue(factEvents, () => participant.grants.admin);
  const raisedHandAt = useRoomValue(factEvents, () => raisedHand(participant));
  return { displayName, status, admin, raisedHandAt };
}

/** Of the attributes: when the hand went up, in ms since the epoch. */
export const handAttribute = 'raisedHand';

/** When this participant raised a hand (ms since the epoch); undefined: it is down. */
export function raisedHand(participant: Participant): number | undefined {
  return Number(participant.attributes[handAttribute]) || undefined;
}

/** Your own hand: as you last wanted it, until the room has it so. */
export function useRaisedHand(): { raised: boolean; set(raised: boolean): Promise<void> } {
  const { local } = useRoom();
  const told = useRoomValue(factEvents, () => raisedHand(local) !== undefined);
  const [wanted, setWanted] = useState<boolean>();
  useEffect(() => {
    if (wanted === told) setWanted(undefined);
  }, [wanted, told]);
  const set = async (raised: boolean) => {
    setWanted(raised);
    const since = raised ? String(Date.now()) : '';
    try {
      await local.update({ attributes: { ...local.attributes, [handAttribute]: since } });
    } catch (error) {
      setWanted(undefined);
      throw error;
    }
  };
  return { raised: wanted ?? told, set };
}

/** A participant's place among the raised hands, from 1; 0: the hand is down. */
export function useHandPlace(participant: Participant): number {
  return useRoomValue(listEvents, (room) => {
    const raisedAt = raisedHand(participant);
    if (raisedAt === undefined) return 0;
    const everybody: Participant[] = [room.local, ...room.remotes.values()];
    return everybody.filter((other) => (raisedHand(other) ?? Number.POSITIVE_INFINITY) < raisedAt).length + 1;
  });
}
