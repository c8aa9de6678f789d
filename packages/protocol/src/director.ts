import { z } from 'zod';
import { DisplayName, Grants, Identity, Metadata, ParticipantId, RoomId } from './room.ts';
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
});
export type JoinClaims = z.infer<typeof JoinClaims>;

export const JoinRequest = z.object({ token: z.string().min(1).max(16_384) });
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
