import { z } from 'zod';
import { DisplayName, Grants, Identity, Metadata, ParticipantId, Region, RoomId } from './room.ts';
import { IceServer, RtpCapabilities } from './rtp.ts';

/** The claims of a join token (a JWT, RFC 7519): `iss` is the API key id, `sub` the identity. */
export const JoinClaims = z.object({
  room: RoomId,
  sub: Identity,
  name: DisplayName.default(''),
  metadata: Metadata.default(''),
  grants: Grants.prefault({}),
  /** Makes its bearer the admin of a room that nobody is in. */
  opensRoom: z.boolean().default(false),
  /** Its bearer's media is on nodes of this region only, unless the room says another. */
  region: Region.default(''),
});
export type JoinClaims = z.infer<typeof JoinClaims>;

/** A region as a client finds it. */
export const MeasuredRegion = z.object({
  region: Region,
  rttMs: z.number().min(0).max(60_000).describe('There and back'),
});
export type MeasuredRegion = z.infer<typeof MeasuredRegion>;

/** Where nodes are, and where to measure how far that is. */
export const RegionList = z.object({
  regions: z.array(z.object({ region: z.string(), signaling: z.array(z.url()) })),
});
export type RegionList = z.infer<typeof RegionList>;

export const JoinRequest = z.object({
  token: z.string().min(1).max(16_384),
  regions: z.array(MeasuredRegion).max(16).optional().describe('As the client has measured them'),
});
export type JoinRequest = z.infer<typeof JoinRequest>;
/** Where to go and how to prove the seat. */
export const JoinAnswer = z.object({
  roomId: RoomId,
  participantId: ParticipantId,
  secret: z.string(),
  /** WebSocket addresses, best first. */
  signaling: z.array(z.url()),
  iceServers: z.array(IceServer),
  /** The fleet's codecs, to load a device with. */
  rtpCapabilities: RtpCapabilities,
});
export type JoinAnswer = z.infer<typeof JoinAnswer>;

export const PreflightRequest = z.object({
  token: JoinRequest.shape.token.optional().describe('A join token; needed where strangers may not test'),
});
/** A private room for a connection test, with seats for one client. */
export const PreflightAnswer = JoinAnswer.omit({ participantId: true, secret: true }).extend({
  seats: z.array(JoinAnswer.pick({ participantId: true, secret: true })),
  /** From now on; the room ends then. */
  timeLimitMs: z.number().int(),
});
export type PreflightAnswer = z.infer<typeof PreflightAnswer>;

/** RFC 9457. `code` is ours: a key of the error table. */
export const ProblemDetails = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.string(),
  retryable: z.boolean(),
});
export type ProblemDetails = z.infer<typeof ProblemDetails>;
