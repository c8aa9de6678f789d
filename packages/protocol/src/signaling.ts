import { z } from 'zod';
import type { Contract } from './contract.ts';
import { limits } from './limits.ts';
import {
  Attributes,
  AudioSlots,
  DataMessage,
  DisplayName,
  GrantsUpdate,
  Metadata,
  ParticipantId,
  RoomEvent,
  RoomId,
  RoomSettingsUpdate,
  RoomSnapshot,
  Source,
  Track,
  TrackId,
} from './room.ts';
import {
  DtlsParameters,
  IceParameters,
  IceServer,
  RtpCapabilities,
  RtpParameters,
  SctpStreamParameters,
  TransportParameters,
} from './rtp.ts';

export const Direction = z.enum(['send', 'receive']);
export type Direction = z.infer<typeof Direction>;

/** A participant's place on a media node: one transport each way; null where the grants allow none. */
export const MediaSession = z.object({
  /** Differs each time that the transports are made anew. */
  mediaSessionId: z.string(),
  nodeId: z.string(),
  send: TransportParameters.nullable(),
  receive: TransportParameters.nullable(),
});
export type MediaSession = z.infer<typeof MediaSession>;

/** Absent: the first transport of that direction. */
export const TransportId = z.string().max(64);

/** A track flowing to one participant (engine: a consumer). Parameters are for the transport that it names. */
export const Subscription = z.discriminatedUnion('kind', [
  z.object({
    kind: z.enum(['audio', 'video']),
    subscriptionId: z.string(),
    trackId: TrackId,
    epoch: z.number().int(),
    transportId: TransportId,
    rtpParameters: RtpParameters,
    /** False: it waits for `track.start`. */
    started: z.boolean(),
  }),
  z.object({
    kind: z.literal('data'),
    subscriptionId: z.string(),
    trackId: TrackId,
    epoch: z.number().int(),
    transportId: TransportId,
    sctpStreamParameters: SctpStreamParameters,
    started: z.boolean(),
  }),
]);
export type Subscription = z.infer<typeof Subscription>;

export const SubscribeFailure = z.object({ trackId: TrackId, code: z.string(), message: z.string() });
export const SubscribeResult = z.object({
  subscriptions: z.array(Subscription),
  failures: z.array(SubscribeFailure),
});
export type SubscribeResult = z.infer<typeof SubscribeResult>;

const Credentials = {
  roomId: RoomId,
  participantId: ParticipantId,
  secret: z.string().min(1).max(128).describe('Given by the director at join; proves the seat'),
  protocolVersion: z.number().int(),
};

export const Joined = z.object({
  status: z.literal('joined'),
  participantId: ParticipantId,
  snapshot: RoomSnapshot,
  media: MediaSession,
  subscriptions: z.array(Subscription).describe('Ready-made for the tracks that were there, already started'),
  iceServers: z.array(IceServer),
  audioSlots: AudioSlots.optional(),
});
export type Joined = z.infer<typeof Joined>;
export const Waiting = z.object({ status: z.literal('waiting'), participantId: ParticipantId });

const Subscribe = z
  .enum(['all', 'none'])
  .describe('all: subscriptions to every present track come with the answer; none: the client asks for each');

const Arrays = z
  .boolean()
  .describe('The client takes several notifications in one message, as an array (SG1)');
const Moves = z.boolean().describe('The client can have its media on two nodes for the time of a move');
/** The one in use, its standby, or the one that is left; absent: the one in use, but while the client moves the one that it leaves. */
const MediaSessionId = z.string().max(64).optional();
const PlaysSlots = z.boolean().describe('The client plays audio slots in place of microphones');
const SubscribeAtMost = z
  .number()
  .int()
  .min(0)
  .max(10_000)
  .optional()
  .describe('with all: no more subscriptions than that come with the answer, audio first');

export const TransportOpened = z.object({
  transport: TransportParameters,
  direction: Direction.optional().describe('Absent where all that can be opened is to receive over'),
});
export type TransportOpened = z.infer<typeof TransportOpened>;

export const TrackPublishParams = z.object({
  trackId: TrackId.optional().describe('A track of yours that is produced anew; absent for a new one'),
  publishId: z
    .string()
    .min(8)
    .max(64)
    .optional()
    .describe(
      'Names a new track before it has its id: asked again under the same name, it is the same track',
    ),
  kind: z.enum(['audio', 'video', 'data']),
  source: Source,
  name: z.string().max(128).default(''),
  muted: z.boolean().default(false),
  rtpParameters: RtpParameters.optional(),
  sctpStreamParameters: SctpStreamParameters.optional(),
  width: z.number().int().min(1).max(16384).optional(),
  height: z.number().int().min(1).max(16384).optional(),
  transportId: TransportId.optional().describe('The send transport that it goes over; absent: the first'),
  mediaSessionId: MediaSessionId,
});
export type TrackPublishParams = z.infer<typeof TrackPublishParams>;

export const LayerPreferences = z.object({
  /** Highest wanted layer, 0 the smallest picture. */
  maxSpatialLayer: z.number().int().min(0).max(7).optional(),
  maxTemporalLayer: z.number().int().min(0).max(7).optional(),
  /** 1 (least) to 255: who gets bits first. */
  priority: z.number().int().min(1).max(255).optional(),
  /** True: no packets until false. */
  paused: z.boolean().optional(),
});
export type LayerPreferences = z.infer<typeof LayerPreferences>;

/** Why nothing of a track flows, or less than its receiver asked for. */
export const LimitReason = z
  .enum(['bandwidth', 'publisher', 'muted', 'not-shown', 'server'])
  .describe(
    'bandwidth: the receiver’s line; publisher: it is not sent; muted: by its owner or a moderator; not-shown: the receiver paused it; server: the media node has too much to do',
  );
export type LimitReason = z.infer<typeof LimitReason>;

const Empty = z.object({});
const trackIds = z.array(TrackId).max(limits.subscriptionsPerRequest);

/** What a client asks of a signaling node. */
export const signalingServer = {
  requests: {
    'session.join': {
      params: z.object({
        ...Credentials,
        rtpCapabilities: RtpCapabilities,
        subscribe: Subscribe.default('all'),
        audioSlots: PlaysSlots.default(false),
        moves: Moves.default(false),
        arrays: Arrays.default(false),
        subscribeAtMost: SubscribeAtMost,
        client: z.string().max(256).default(''),
      }),
      result: z.discriminatedUnion('status', [Joined, Waiting]),
    },
    /** After `session.admitted`: from the lobby into the room. */
    'session.enter': { params: Empty, result: Joined },
    'session.resume': {
      params: z.object({
        ...Credentials,
        revision: z.number().int().min(0).describe('The last that the client saw; 0 for none'),
        mediaSessionId: z.string().max(64).optional().describe('Absent when the media is gone (page reload)'),
        rtpCapabilities: RtpCapabilities,
        subscribe: Subscribe.default('all'),
        audioSlots: PlaysSlots.default(false),
        moves: Moves.default(false),
        arrays: Arrays.default(false),
        subscribeAtMost: SubscribeAtMost,
      }),
      result: z.discriminatedUnion('status', [
        z.object({
          status: z.literal('resumed'),
          participantId: ParticipantId,
          /** The missed events in order, or a snapshot when they are no longer kept. */
          missed: z.union([
            z.object({
              events: z.array(z.object({ revision: z.number().int(), event: RoomEvent })),
              revision: z.number().int(),
            }),
            z.object({ snapshot: RoomSnapshot }),
          ]),
          audioSlots: AudioSlots.optional(),
        }),
        Joined,
        Waiting,
      ]),
    },
    'session.leave': { params: Empty, result: Empty },
    'session.ping': { params: Empty, result: Empty },
    /** Another transport to receive over, or to send over in place of one whose path carries nothing. */
    'transport.open': {
      params: z.object({ direction: Direction.default('receive'), mediaSessionId: MediaSessionId }),
      result: TransportOpened,
    },
    /** Gives a transport up with the tracks or subscriptions on it. */
    'transport.close': {
      params: z.object({ transportId: TransportId, mediaSessionId: MediaSessionId }),
      result: Empty,
    },
    'transport.connect': {
      params: z.object({
        mediaSessionId: MediaSessionId,
        direction: Direction,
        transportId: TransportId.optional(),
        dtlsParameters: DtlsParameters,
      }),
      result: Empty,
    },
    'transport.restartIce': {
      params: z.object({
        mediaSessionId: MediaSessionId,
        direction: Direction,
        transportId: TransportId.optional(),
      }),
      result: z.object({
        iceParameters: IceParameters,
        /** The relays to use from now on; absent: as before. */
        iceServers: z.array(IceServer).optional(),
      }),
    },
    'track.publish': { params: TrackPublishParams, result: z.object({ track: Track }) },
    'track.unpublish': { params: z.object({ trackId: TrackId }), result: Empty },
    'track.setMuted': {
      params: z.object({
        trackId: TrackId,
        muted: z.boolean(),
        /** `device`: mutes what is heard or seen, and lifts only such a mute. */
        by: z.enum(['self', 'device']).default('self'),
      }),
      result: z.object({ track: Track }),
    },
    'track.subscribe': {
      params: z.object({
        trackIds,
        transportId: TransportId.optional(),
        mediaSessionId: MediaSessionId,
      }),
      result: SubscribeResult,
    },
    /** The receiver is set up: let the packets flow. */
    'track.start': { params: z.object({ trackIds, mediaSessionId: MediaSessionId }), result: Empty },
    'track.unsubscribe': {
      params: z.object({
        trackIds,
        /** To earlier productions of tracks, when the newer one flows. */
        subscriptionIds: z.array(z.string().max(64)).max(limits.subscriptionsPerRequest).optional(),
        mediaSessionId: MediaSessionId,
      }),
      result: Empty,
    },
    'track.setPreferences': {
      params: z.object({
        preferences: z
          .array(LayerPreferences.extend({ trackId: TrackId }))
          .max(limits.subscriptionsPerRequest),
        mediaSessionId: MediaSessionId,
      }),
      result: Empty,
    },
    /** All that was received and sent flows over the media session that the client was moved to. */
    'session.moved': { params: z.object({ mediaSessionId: z.string().max(64) }), result: Empty },
    /** Of these nothing arrives, although other packets do. */
    'track.starved': { params: z.object({ trackIds }), result: Empty },
    /** Nothing comes any more over the transports, although it did all the time. */
    'media.silent': { params: Empty, result: Empty },
    'participant.update': {
      params: z.object({
        displayName: DisplayName.optional(),
        metadata: Metadata.optional(),
        attributes: Attributes.optional(),
      }),
      result: Empty,
    },
    /** Reliable, ordered with the room's events, replayed on resume. */
    'data.send': {
      params: DataMessage.pick({ messageId: true, to: true, topic: true, payload: true, encoding: true }),
      result: z.object({ revision: z.number().int() }),
    },
    'moderation.mute': {
      params: z.object({ trackId: TrackId, muted: z.boolean() }),
      result: Empty,
    },
    'moderation.remove': { params: z.object({ participantId: ParticipantId }), result: Empty },
    'moderation.setGrants': {
      params: z.object({ participantId: ParticipantId, grants: GrantsUpdate }),
      result: Empty,
    },
    'lobby.admit': { params: z.object({ participantId: ParticipantId }), result: Empty },
    'lobby.refuse': { params: z.object({ participantId: ParticipantId }), result: Empty },
    'room.update': { params: z.object({ settings: RoomSettingsUpdate }), result: Empty },
    'room.end': { params: Empty, result: Empty },
  },
  notifications: {},
} as const satisfies Contract;
export type SignalingServer = typeof signalingServer;

/** What a signaling node tells a client. */
export const signalingClient = {
  requests: {},
  notifications: {
    'room.event': z.object({ revision: z.number().int(), event: RoomEvent }),
    'session.admitted': Empty,
    /** The relays to use from now on: the credentials of those before end soon. */
    'session.iceServers': z.object({ iceServers: z.array(IceServer) }),
    /** This node is about to go: resume on one of these, over a socket that is opened before this one is dropped. */
    'session.redirect': z.object({ signaling: z.array(z.string()) }),
    /** The last message before the socket closes for good: no resume. */
    'session.closed': z.object({ code: z.string(), message: z.string() }),
    /** The media node or worker is gone: new transports; publish and subscribe anew. */
    'media.reset': z.object({
      media: MediaSession,
      subscriptions: z.array(Subscription),
      reason: z.string(),
      iceServers: z.array(IceServer).optional(),
      audioSlots: AudioSlots.optional(),
    }),
    /** Transports on a second node, to be connected and kept for the day when the first goes; null: there are none. */
    'media.standby': z.object({
      media: MediaSession.nullable(),
      iceServers: z.array(IceServer).optional(),
    }),
    /** Another media session, beside the one that there is: set it up, and say `session.moved` when all flows over it. */
    'media.move': z.object({
      media: MediaSession,
      reason: z.string(),
      iceServers: z.array(IceServer).optional(),
      audioSlots: AudioSlots.optional(),
    }),
    /** A subscription ended on the server's side (its track moved or went). */
    'subscription.closed': z.object({ subscriptionId: z.string(), trackId: TrackId }),
    /** The layer now forwarded; null when none is. */
    'subscription.layers': z.object({
      subscriptionId: z.string(),
      trackId: TrackId,
      spatialLayer: z.number().int().nullable(),
      temporalLayer: z.number().int().nullable(),
      /** Absent: all that was asked for flows. */
      reason: LimitReason.optional(),
    }),
    /** The highest layer of a track of yours that anybody wants; null when nobody wants any. */
    'track.demand': z.object({ trackId: TrackId, maxSpatialLayer: z.number().int().nullable() }),
    /** Which audio slots there are, and whom each carries now. */
    'room.audioSlots': z.object({ slots: AudioSlots }),
    /** Who speaks, loudest first; levels in dBov, -127 (silence) to 0. */
    'room.speakers': z.object({
      speakers: z.array(z.object({ trackId: TrackId, participantId: ParticipantId, level: z.number() })),
    }),
  },
} as const satisfies Contract;
export type SignalingClient = typeof signalingClient;
