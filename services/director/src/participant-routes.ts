import type { RoomReader } from '@weir/cluster';
import { PlatformError } from '@weir/core';
import {
  Attributes,
  DisplayName,
  GrantsUpdate,
  Metadata,
  type Participant,
  ParticipantId,
  RoomId,
  TrackId,
} from '@weir/protocol';
import type { HttpApp } from '@weir/service';
import { z } from 'zod';
import { Done, ParticipantAnswer, TrackAnswer, Waiting } from './answers.ts';
import type { DirectorContext } from './director.ts';

const inRoom = z.object({ roomId: RoomId });
const ofParticipant = z.object({ roomId: RoomId, participantId: ParticipantId });

/** Those who are in a living room, and those in its lobby. */
export function participantRoutes(api: HttpApp, { rooms }: DirectorContext): void {
  api.get(
    '/v1/rooms/:roomId/participants',
    {
      config: { access: 'moderator', errors: ['room-not-found'] },
      schema: {
        operationId: 'listParticipants',
        summary: 'Who is in the room, hidden ones too, with their tracks',
        tags: ['participants'],
        params: inRoom,
        response: {
          200: z.object({ participants: z.array(ParticipantAnswer) }).describe('By time of joining'),
        },
      },
    },
    async ({ params: { roomId } }) => {
      const reader = await rooms.read(roomId);
      const participants = [...reader.participants].sort((a, b) => a.joinedAt - b.joinedAt);
      return { participants: participants.map((participant) => withTracks(reader, participant)) };
    },
  );

  api.get(
    '/v1/rooms/:roomId/participants/:participantId',
    {
      config: { access: 'moderator', errors: ['room-not-found', 'participant-not-found'] },
      schema: {
        operationId: 'getParticipant',
        summary: 'One participant with their tracks',
        tags: ['participants'],
        params: ofParticipant,
        response: { 200: ParticipantAnswer.describe('The participant') },
      },
    },
    async ({ params: { roomId, participantId } }) => find(await rooms.read(roomId), participantId),
  );

  api.patch(
    '/v1/rooms/:roomId/participants/:participantId',
    {
      config: { access: 'moderator', errors: ['room-not-found', 'participant-not-found', 'conflict'] },
      schema: {
        operationId: 'updateParticipant',
        summary: 'Change what is known of a participant, and what they may do',
        description:
          'What is left out stays. Tracks that the new grants do not allow are unpublished at once.',
        tags: ['participants'],
        params: ofParticipant,
        body: z.strictObject({
          displayName: DisplayName.optional(),
          metadata: Metadata.optional(),
          attributes: Attributes.optional(),
          grants: GrantsUpdate.strict().optional(),
        }),
        response: { 200: ParticipantAnswer.describe('The participant') },
      },
    },
    async ({ params: { roomId, participantId }, body: { grants, ...known } }) => {
      if (grants) await rooms.setGrants(roomId, participantId, grants as Partial<Participant['grants']>);
      if (Object.keys(known).length) await rooms.updateParticipant(roomId, participantId, known);
      return find(await rooms.read(roomId), participantId);
    },
  );

  api.delete(
    '/v1/rooms/:roomId/participants/:participantId',
    {
      config: { access: 'moderator', errors: ['room-not-found', 'participant-not-found'] },
      schema: {
        operationId: 'removeParticipant',
        summary: 'Remove a participant',
        description: 'Their token stays good: they may join again while it lasts.',
        tags: ['participants'],
        params: ofParticipant,
        response: { 204: Done },
      },
    },
    async ({ params: { roomId, participantId } }, reply) => {
      await rooms.removeParticipant(roomId, participantId);
      return reply.code(204).send();
    },
  );

  api.post(
    '/v1/rooms/:roomId/participants/:participantId/tracks/:trackId/mute',
    {
      config: { access: 'moderator', errors: ['room-not-found', 'track-not-found', 'conflict'] },
      schema: {
        operationId: 'muteTrack',
        summary: 'Mute a track, or lift such a mute',
        description:
          'The owner cannot undo it. Lifting it leaves the track muted by its owner: nobody’s microphone is opened ' +
          'from afar.',
        tags: ['participants'],
        params: ofParticipant.extend({ trackId: TrackId }),
        body: z.strictObject({ muted: z.boolean() }),
        response: { 200: TrackAnswer.describe('The track') },
      },
    },
    async ({ params: { roomId, participantId, trackId }, body: { muted } }) => {
      const track = (await rooms.read(roomId)).track(trackId);
      if (track?.participantId !== participantId)
        throw new PlatformError('track-not-found', `${participantId} has no track ${trackId}`);
      return rooms.moderateMute(roomId, trackId, muted);
    },
  );

  api.get(
    '/v1/rooms/:roomId/lobby',
    {
      config: { access: 'moderator', errors: ['room-not-found'] },
      schema: {
        operationId: 'listLobby',
        summary: 'Who waits to be admitted',
        tags: ['lobby'],
        params: inRoom,
        response: { 200: z.object({ waiting: z.array(Waiting) }).describe('Longest first') },
      },
    },
    async ({ params: { roomId } }) => {
      const { lobby } = await rooms.read(roomId);
      return { waiting: [...lobby].sort((a, b) => a.since - b.since) };
    },
  );

  for (const verb of ['admit', 'refuse'] as const)
    api.post(
      `/v1/rooms/:roomId/lobby/:participantId/${verb}`,
      {
        config: { access: 'moderator', errors: ['room-not-found', 'participant-not-found'] },
        schema: {
          operationId: verb,
          summary: verb === 'admit' ? 'Let somebody in' : 'Send somebody away',
          tags: ['lobby'],
          params: ofParticipant,
          response: { 204: Done },
        },
      },
      async ({ params: { roomId, participantId } }, reply) => {
        await rooms[verb](roomId, participantId);
        return reply.code(204).send();
      },
    );
}

function find(reader: RoomReader, participantId: ParticipantId): ParticipantAnswer {
  const participant = reader.participant(participantId);
  if (!participant)
    throw new PlatformError('participant-not-found', `no participant ${participantId} in the room`);
  return withTracks(reader, participant);
}

function withTracks(reader: RoomReader, participant: Participant): ParticipantAnswer {
  return { ...participant, tracks: reader.tracksOf(participant.participantId) };
}
