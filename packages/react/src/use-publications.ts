import type { Participant, Publication, RemotePublication, Source } from '@weir/client';
import { useMemo } from 'react';
import { useRoom } from './room-context.tsx';
import { useRoomRevision, useRoomValue } from './use-room-value.ts';

const trackEvents = [
  'statusChanged',
  'participantLeft',
  'trackPublished',
  'trackUpdated',
  'trackUnpublished',
  'trackSubscribed',
  'trackUnsubscribed',
] as const;

/** All publications, or those of one source: yours first, then in the order of joining. A new array at each change. */
export function usePublications(source?: Source): readonly Publication[] {
  const room = useRoom();
  const revision = useRoomRevision(trackEvents);
  return useMemo(() => {
    void revision;
    const all = [room.local, ...room.remotes.values()].flatMap((participant): Publication[] => [
      ...participant.publications.values(),
    ]);
    return source ? all.filter((publication) => publication.source === source) : all;
  }, [room, revision, source]);
}

/** A participant's first publication of a source. */
export function usePublication(participant: Participant, source: Source): Publication | undefined {
  return useRoomValue(trackEvents, () => participant.publication(source));
}

/** A publication's facts to show, each rendered again when it changes. */
export function usePublicationFacts(publication: Publication | undefined) {
  const muted = useRoomValue(trackEvents, () => publication?.muted ?? true);
  const mutedBy = useRoomValue(trackEvents, () => publication?.mutedBy);
  const mediaTrack = useRoomValue(trackEvents, () => publication?.mediaTrack);
  const heldBack = useRoomValue(trackEvents, () => reasonForNothing(publication));
  return { muted, mutedBy, mediaTrack, heldBack };
}

/** Why no picture comes although there should be one; undefined when it comes. */
function reasonForNothing(
  publication: Publication | undefined,
): 'bandwidth' | 'publisher' | 'server' | undefined {
  const { layer, limitedBy, kind } = (publication ?? {}) as Partial<RemotePublication>;
  if (kind !== 'video' || layer || limitedBy === 'muted' || limitedBy === 'not-shown') return undefined;
  return limitedBy;
}
