import {
  type Attributes,
  type Grants,
  mayPublish,
  type Participant,
  type ParticipantId,
} from '@weir/protocol';
import type { z } from 'zod';
import { type Decide, type Decision, dropUndefined, expecting, notThere } from './decision.ts';
import type { RoomChange } from './room-log.ts';
import type { RoomReader } from './room-view.ts';

// The rules of what is known of a participant, and of what they may do.

export type ParticipantUpdate = {
  displayName?: string | undefined;
  metadata?: string | undefined;
  attributes?: z.infer<typeof Attributes> | undefined;
};

export function updateParticipant(
  participantId: ParticipantId,
  update: ParticipantUpdate,
): Decide<Participant> {
  return (reader) => {
    const before = reader.participant(participantId);
    if (!before) throw notThere(participantId);
    return withParticipant(reader, { ...before, ...dropUndefined(update) } as Participant, {});
  };
}

/** Tracks that the new grants no longer allow are unpublished in the same step. */
export function setGrants(participantId: ParticipantId, grants: Partial<Grants>): Decide<Participant> {
  return (reader) => {
    const before = reader.participant(participantId);
    const session = reader.session(participantId);
    if (!before || !session) throw notThere(participantId);
    const merged: Grants = { ...before.grants, ...dropUndefined(grants) };
    const withdrawn = reader.tracksOf(participantId).filter((track) => !mayPublish(merged, track.source));
    return withParticipant(
      reader,
      { ...before, grants: merged },
      {
        set: { [`session:${participantId}`]: { ...session, grants: merged } },
        delete: withdrawn.map(({ trackId }) => `track:${trackId}`),
        events: withdrawn.map(({ trackId }) => ({ type: 'trackUnpublished', trackId, participantId })),
      },
    );
  };
}

function withParticipant(
  reader: RoomReader,
  participant: Participant,
  change: RoomChange,
): Decision<Participant> {
  const key = `participant:${participant.participantId}`;
  const whole: RoomChange = {
    ...change,
    set: { ...change.set, [key]: participant },
    events: [...(change.events ?? []), { type: 'participantUpdated', participant }],
  };
  return { change: expecting(reader, key, whole), result: participant };
}
