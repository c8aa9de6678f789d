import { Participant, ProblemDetails, RoomId, RoomSettings, Track, WaitingParticipant } from '@weir/protocol';
import { z } from 'zod';

// What the API answers. An `id` gives the schema a name in the OpenAPI document. Times in ms since the epoch.

export const Problem = ProblemDetails.meta({ id: 'Problem', description: 'RFC 9457; decide by `code`' });

export const RoomAnswer = z
  .object({
    roomId: RoomId,
    settings: RoomSettings,
    createdAt: z.number(),
    setUp: z.boolean().describe('Its settings are kept when it ends'),
    live: z
      .object({
        since: z.number(),
        participants: z.number().int(),
        waiting: z.number().int().describe('In the lobby'),
        tracks: z.number().int(),
      })
      .nullable()
      .describe('Null while nobody is there'),
  })
  .meta({ id: 'Room' });
export type RoomAnswer = z.infer<typeof RoomAnswer>;

export const RoomPage = z
  .object({
    rooms: z.array(RoomAnswer),
    cursor: z.string().nullable().describe('For the next page; null: this is the last'),
  })
  .meta({ id: 'RoomPage' });
export type RoomPage = z.infer<typeof RoomPage>;

export const TrackAnswer = Track.meta({ id: 'Track' });

export const ParticipantAnswer = Participant.extend({ tracks: z.array(TrackAnswer) }).meta({
  id: 'Participant',
});
export type ParticipantAnswer = z.infer<typeof ParticipantAnswer>;

export const Waiting = WaitingParticipant.meta({ id: 'WaitingParticipant' });

export const ParticipantPage = z
  .object({
    participants: z.array(ParticipantAnswer),
    cursor: z.string().nullable().describe('For the next page; null: this is the last'),
  })
  .meta({ id: 'ParticipantPage' });
export type ParticipantPage = z.infer<typeof ParticipantPage>;

export const Token = z.object({ token: z.string() }).meta({ id: 'Token' });

export const KeyInfo = z
  .object({ id: z.string(), createdAt: z.number(), revokedAt: z.number().nullable() })
  .meta({ id: 'ApiKeyInfo' });

export const NewKey = z
  .object({ id: z.string(), secret: z.string().describe('Shown this once') })
  .meta({ id: 'NewApiKey' });

export const PlacementAnswer = z
  .object({
    at: z.number(),
    roomId: RoomId,
    nodeId: z.string(),
    region: z.string(),
    reason: z.string(),
    candidates: z.number().int().describe('Media nodes that were alive'),
    passedOver: z
      .array(z.object({ nodeId: z.string(), why: z.string() }))
      .describe('Some nodes that it could not be'),
  })
  .meta({ id: 'Placement' });

export const NodeAnswer = z
  .object({
    nodeId: z.string(),
    region: z.string(),
    startedAt: z.number().nullable().describe('Null: an older version does not tell'),
    roles: z.array(
      z.object({
        role: z.enum(['director', 'signaling', 'media', 'relay']),
        left: z.number().int().describe('Media sessions, connections of clients, or allocations that it has'),
      }),
    ),
    state: z.enum(['working', 'draining', 'drained']).describe('drained: nobody is left, it may be ended'),
    drain: z.object({ since: z.number(), deadlineAt: z.number() }).nullable(),
    media: z
      .object({
        use: z
          .record(z.string(), z.number())
          .describe('Of each of its limits the share in use, 0 to 1 and above'),
        degraded: z
          .enum(['new-rooms', 'top-layers', 'unpinned-video'])
          .nullable()
          .describe('What it has given up to bear its load, with all before it'),
      })
      .optional()
      .describe('Of a media node'),
    notes: z.array(z.string()).describe('What keeps it from becoming empty unnoticed, in words'),
  })
  .meta({ id: 'Node' });
export type NodeAnswer = z.infer<typeof NodeAnswer>;

/** Nothing to say but that it is done. */
export const Done = z.undefined().describe('Done');
