import type { WaitingParticipant } from '@weir/client';
import { useMemo } from 'react';
import { useRoom } from './room-context.tsx';
import { useRoomRevision } from './use-room-value.ts';

const lobbyEvents = ['statusChanged', 'lobbyChanged'] as const;

export type Lobby = {
  /** Who waits, longest first. Empty for everybody but admins. */
  waiting: readonly WaitingParticipant[];
  admit(participantId: string): Promise<void>;
  refuse(participantId: string): Promise<void>;
};

/** Who waits to be let in, and the decision on them. */
export function useLobby(): Lobby {
  const room = useRoom();
  const revision = useRoomRevision(lobbyEvents);
  return useMemo(() => {
    void revision;
    const waiting = [...room.lobby].sort((a, b) => a.since - b.since);
    return { waiting, admit: room.moderation.admit, refuse: room.moderation.refuse };
  }, [room, revision]);
}
