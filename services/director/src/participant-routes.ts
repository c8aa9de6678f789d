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
import { Done, ParticipantAnswer, ParticipantPage, TrackAnswer, Waiting } from './answers.ts';
import type { Caller } from './callers.ts';
import type { DirectorContext } from './director.ts';

const inRoom = z.object({ roomId: RoomId });
const ofParticipant = z.object({ roomId: RoomId, participantId: ParticipantId });
const Place = z.string().regex(/^[0-9]{16}\..{1,64}$/, 'not a cursor of this API');

/** Those who are in a living room, and those in its lobby. Who is hidden is there for API keys only. */
export function participantRoutes(api: HttpApp, { directory, rooms }: DirectorContext): void {
  api.get(
    '/v1/rooms/:roomId/participants',
    {
      config: { access: 'moderator', errors: ['room-not-found'] },
      schema: {
        operationId: 'listParticipants',
        summary: 'Who is in the room, with their tracks, by time of joining',
        description: 'Hidden participants are listed for API keys only.',
        tags: ['participants'],
        params: inRoom,
        querystring: z.strictObject({
          limit: z.coerce.number().int().min(1).max(200).default(50),
          cursor: Place.optional().describe('Of the page before'),
        }),
        response: { 200: ParticipantPage.describe('A page') },
      },
    },
    async ({ params: { roomId }, query: { limit, cursor = '' }, caller }) => {
      const reader = await directory.liveOrSetUp(roomId);
      if (!reader) return { participants: [], cursor: null };
      const rest = [...reader.participants]
        .filter((participant) => isSeen(participant, caller) && placeOf(participant) > cursor)
        .sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
      const page = rest.slice(0, limit);
      return {
        participants: page.map((participant) => withTracks(reader, participant)),
        cursor: rest.length > limit ? placeOf(page.at(-1)!) : null,
      };
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
    async ({ params: { roomId, participantId }, caller }) =>
      find(await rooms.read(roomId), participantId, caller),
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
          attributes: Attributes.optional().describe('In place of all that were there'),
          grants: GrantsUpdate.strict().optional(),
        }),
        response: { 200: ParticipantAnswer.describe('The participant') },
      },
    },
    async ({ params: { roomId, participantId }, body: { grants, ...known }, caller }) => {
      let participant: Participant = find(await rooms.read(roomId), participantId, caller);
      if (Object.keys(known).length)
        participant = await rooms.updateParticipant(roomId, participantId, known);
      if (grants)
        participant = await rooms.setGrants(roomId, participantId, grants as Partial<Participant['grants']>);
      return withTracks(await rooms.read(roomId), participant);
    },
  );

  api.delete(
    '/v1/rooms/:roomId/participants/:participantId',
    {
      config: { access: 'moderator', errors: ['room-not-found', 'participant-not-found'] },
      schema: {
        operationId: 'removeParticipant',
        summary: 'Remove somebody from the room or its lobby',
        description: 'Their token stays good: they may join again while it lasts.',
        tags: ['participants'],
        params: ofParticipant,
        response: { 204: Done },
      },
    },
    async ({ params: { roomId, participantId }, caller }, reply) => {
      const participant = (await rooms.read(roomId)).participant(participantId);
      if (participant && !isSeen(participant, caller)) throw notThere(participantId);
      await rooms.removeParticipant(roomId, participantId); // Also from the lobby.
      return reply.code(204).send();
    },
  );

  api.post(
    '/v1/rooms/:roomId/tracks/:trackId/mute',
    {
      config: { access: 'moderator', errors: ['room-not-found', 'track-not-found', 'conflict'] },
      schema: {
        operationId: 'muteTrack',
        summary: 'Mute a track, or lift such a mute',
        description:
          'The owner cannot undo it. Lifting it leaves the track muted by its owner: nobody’s microphone is opened ' +
          'from afar.',
        tags: ['participants'],
        params: inRoom.extend({ trackId: TrackId }),
        body: z.strictObject({ muted: z.boolean() }),
        response: { 200: TrackAnswer.describe('The track') },
      },
    },
    ({ params: { roomId, trackId }, body: { muted } }) => rooms.moderateMute(roomId, trackId, muted),
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
      const reader = await directory.liveOrSetUp(roomId);
      return { waiting: [...(reader?.lobby ?? [])].sort((a, b) => a.since - b.since) };
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

/** A place in the order of joining; as text it sorts the same. */
function placeOf({ joinedAt, participantId }: Participant): string {
  return `${String(joinedAt).padStart(16, '0')}.${participantId}`;
}

function isSeen({ grants }: Participant, caller: Caller | null): boolean {
  return !grants.hidden || caller?.kind === 'key';
}

function find(reader: RoomReader, participantId: ParticipantId, caller: Caller | null): ParticipantAnswer {
  const participant = reader.participant(participantId);
  if (!participant || !isSeen(participant, caller)) throw notThere(participantId);
  return withTracks(reader, participant);
}

function notThere(participantId: ParticipantId): PlatformError {
  return new PlatformError('participant-not-found', `no participant ${participantId} in the room`);
}

function withTracks(reader: RoomReader, participant: Participant): ParticipantAnswer {
  return { ...participant, tracks: reader.tracksOf(participant.participantId) };
}
