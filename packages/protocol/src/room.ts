import { newId } from '@weir/core';
import { z } from 'zod';
import { limits } from './limits.ts';

export const RoomId = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[\p{L}\p{N}._~-]+$/u, 'letters, digits and . _ ~ - only')
  .describe('The name of a room, chosen by its creator');
export type RoomId = string;
export const ParticipantId = z.string().min(1).max(64);
export type ParticipantId = string;
export const TrackId = z.string().min(1).max(64);
export type TrackId = string;
export const Identity = z
  .string()
  .min(1)
  .max(128)
  .describe('Who it is, in the words of the embedding product');
export const DisplayName = z.string().max(128);
export const Metadata = z
  .string()
  .refine(
    (s) => new TextEncoder().encode(s).length <= limits.metadataBytes,
    `at most ${limits.metadataBytes} bytes`,
  )
  .describe('Free text of the embedding product');
export const Attributes = z
  .record(z.string().min(1).max(64), z.string().max(1024))
  .refine((a) => Object.keys(a).length <= 32, 'at most 32 attributes')
  .describe('Small facts about a participant, like a raised hand');

export const Source = z.enum(['camera', 'microphone', 'screen', 'screen-audio', 'data']);
export type Source = z.infer<typeof Source>;

/** What a participant may do. The server enforces every one. */
export const Grants = z.object({
  publish: z
    .union([z.boolean(), z.array(Source)])
    .default(true)
    .describe('All sources, none, or these'),
  subscribe: z.boolean().default(true),
  data: z.boolean().default(true).describe('Send data messages and chat'),
  hidden: z.boolean().default(false).describe('Seen by nobody; cannot publish'),
  admin: z.boolean().default(false).describe('Moderate: mute, remove, lobby, grants, settings, end'),
  bypassLobby: z.boolean().default(false),
});
export type Grants = z.infer<typeof Grants>;
/** A change of grants: what is absent stays as it is. */
export const GrantsUpdate = z.object(withoutDefaults(Grants.shape)).partial();
export type GrantsUpdate = z.infer<typeof GrantsUpdate>;

export function mayPublish(grants: Grants, source: Source): boolean {
  if (grants.hidden) return false;
  if (source === 'data') return grants.data;
  return Array.isArray(grants.publish) ? grants.publish.includes(source) : grants.publish;
}

/** Which ways media may take between a client and its media node. */
export const MediaPaths = z
  .enum(['any', 'relay-only', 'relay-tls-443-only'])
  .describe(
    'any: the best there is; relay-only: through a relay (TURN), whatever protocol; relay-tls-443-only: through a relay, over TLS on TCP port 443',
  );
export type MediaPaths = z.infer<typeof MediaPaths>;

/** A part of the world where nodes are, as its operator names it. */
export const Region = z
  .string()
  .max(32)
  .regex(/^[\w.-]*$/, 'letters, digits and . _ - only');

export const StandbyMode = z
  .enum(['none', 'warm'])
  .describe(
    'warm: everybody is connected to a second media node, too, and uses it at once when the first goes',
  );
export type StandbyMode = z.infer<typeof StandbyMode>;

export const RoomSettings = z.object({
  lobby: z.boolean().default(false).describe('Everybody without admin or bypassLobby waits to be admitted'),
  maxParticipants: z
    .number()
    .int()
    .min(1)
    .max(limits.participantsPerRoom)
    .default(limits.participantsPerRoom),
  emptyTimeoutSeconds: z
    .number()
    .int()
    .min(0)
    .max(31_536_000)
    .default(300)
    .describe('A room empty for so long ends'),
  metadata: Metadata.default(''),
  mediaPaths: MediaPaths.default('any'),
  region: Region.default('').describe('Its media is on nodes of this region only; empty: where it is best'),
  standby: StandbyMode.default('none'),
});
export type RoomSettings = z.infer<typeof RoomSettings>;
/** A change of settings: what is absent stays as it is. */
export const RoomSettingsUpdate = z.object(withoutDefaults(RoomSettings.shape)).partial();
export type RoomSettingsUpdate = z.infer<typeof RoomSettingsUpdate>;

export const RoomInfo = z.object({
  roomId: RoomId,
  /** Differs each time that a room of this name comes to life. */
  incarnation: z.string(),
  createdAt: z.number(),
  settings: RoomSettings,
  /** When it ends by itself, whoever is in it; absent for rooms without such a time. */
  endsAt: z.number().optional(),
});
export type RoomInfo = z.infer<typeof RoomInfo>;

export const Participant = z.object({
  participantId: ParticipantId,
  identity: Identity,
  displayName: DisplayName,
  metadata: Metadata,
  attributes: Attributes,
  grants: Grants,
  joinedAt: z.number(),
  /** `reconnecting`: its client is away and keeps its seat for the resume window. */
  status: z.enum(['connected', 'reconnecting']),
});
export type Participant = z.infer<typeof Participant>;

export const Track = z.object({
  trackId: TrackId,
  participantId: ParticipantId,
  kind: z.enum(['audio', 'video', 'data']),
  source: Source,
  /** Free name, for participants with several cameras. */
  name: z.string().max(128),
  muted: z.boolean(),
  /** `device`: its owner wants it heard or seen, but its camera or microphone gives nothing just now. */
  mutedBy: z.enum(['self', 'moderator', 'device']).optional(),
  /** Grows each time that the track is produced anew (another node, another worker): subscribe again. */
  epoch: z.number().int(),
  codec: z.string().max(64),
  /** Simulcast or SVC layers, 1 for neither. */
  spatialLayers: z.number().int().min(1),
  width: z.number().int().optional(),
  height: z.number().int().optional(),
});
export type Track = z.infer<typeof Track>;

/** A sound stream of a big room, and the microphone that it carries now. */
export const AudioSlot = z.object({
  /** Subscribed to like a track's id. */
  slotId: TrackId,
  carries: z.object({ trackId: TrackId, participantId: ParticipantId }).nullable(),
});
export type AudioSlot = z.infer<typeof AudioSlot>;
/** Empty where each microphone is subscribed to by itself. */
export const AudioSlots = z.array(AudioSlot);

const slotPrefix = 'slot';
export function newAudioSlotId(): TrackId {
  return newId(slotPrefix);
}
export function isAudioSlotId(trackId: TrackId): boolean {
  return trackId.startsWith(`${slotPrefix}_`);
}

/** Somebody in the lobby; seen by admins only. */
export const WaitingParticipant = Participant.pick({
  participantId: true,
  identity: true,
  displayName: true,
}).extend({
  since: z.number(),
});
export type WaitingParticipant = z.infer<typeof WaitingParticipant>;

export const LeaveReason = z.enum(['left', 'removed', 'lost', 'replaced', 'room-ended']);
export type LeaveReason = z.infer<typeof LeaveReason>;

export const DataMessage = z.object({
  messageId: z
    .string()
    .min(1)
    .max(64)
    .describe('Chosen by the sender; a message that is sent again keeps it'),
  from: z.string().max(64).describe('The sender’s participantId; empty when the HTTP API sent it'),
  /** Only these receive it; everybody when absent. */
  to: z.array(ParticipantId).max(256).optional(),
  topic: z.string().min(1).max(64),
  payload: z.string().max(Math.ceil(limits.dataPayloadBytes / 3) * 4), // As long as that many bytes in base64.
  encoding: z.enum(['utf8', 'base64']),
  sentAt: z.number(),
});
export type DataMessage = z.infer<typeof DataMessage>;

/** What happened in a room, in the order of its revisions. */
export const RoomEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('participantJoined'), participant: Participant }),
  z.object({ type: z.literal('participantUpdated'), participant: Participant }),
  z.object({ type: z.literal('participantLeft'), participantId: ParticipantId, reason: LeaveReason }),
  z.object({ type: z.literal('trackPublished'), track: Track }),
  z.object({ type: z.literal('trackUpdated'), track: Track }),
  z.object({ type: z.literal('trackUnpublished'), trackId: TrackId, participantId: ParticipantId }),
  z.object({ type: z.literal('lobbyEntered'), waiting: WaitingParticipant }),
  z.object({
    type: z.literal('lobbyLeft'),
    participantId: ParticipantId,
    outcome: z.enum(['admitted', 'refused', 'left']),
  }),
  z.object({ type: z.literal('dataReceived'), message: DataMessage }),
  z.object({ type: z.literal('roomUpdated'), room: RoomInfo }),
  z.object({ type: z.literal('roomEnded') }),
]);
export type RoomEvent = z.infer<typeof RoomEvent>;

/** A whole room as one participant may see it, at a revision. */
export const RoomSnapshot = z.object({
  revision: z.number().int(),
  room: RoomInfo,
  participants: z.array(Participant),
  tracks: z.array(Track),
  lobby: z.array(WaitingParticipant),
});
export type RoomSnapshot = z.infer<typeof RoomSnapshot>;

/** For updates: `partial()` alone would fill the absent fields with their defaults. */
function withoutDefaults<Shape extends Record<string, z.ZodDefault>>(shape: Shape) {
  const bare = Object.entries(shape).map(([name, field]) => [name, field.removeDefault()]);
  return Object.fromEntries(bare) as { [Name in keyof Shape]: ReturnType<Shape[Name]['removeDefault']> };
}
