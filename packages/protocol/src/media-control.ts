import { z } from 'zod';
import type { Contract } from './contract.ts';
import { AudioSlots, ParticipantId, RoomId, Source, TrackId } from './room.ts';
import {
  DtlsParameters,
  IceParameters,
  RtpCapabilities,
  RtpParameters,
  SctpStreamParameters,
} from './rtp.ts';
import {
  Direction,
  LayerPreferences,
  LimitReason,
  MediaSession,
  SubscribeResult,
  Subscription,
  TransportId,
  TransportOpened,
} from './signaling.ts';

const Empty = z.object({});
const trackIds = z.array(TrackId);

/**
 * What a signaling node asks of a media node. Only what needs an answer: mutes, unpublishing, leaving and removal are in
 * the room's log, which the media node follows by itself, so that they hold without any signaling node.
 */
export const mediaNode = {
  requests: {
    /** Opens a participant's transports; an earlier media session of the same participant on this node closes. */
    'session.open': {
      params: z.object({
        roomId: RoomId,
        participantId: ParticipantId,
        rtpCapabilities: RtpCapabilities,
        send: z.boolean(),
        receive: z.boolean(),
        /** Subscribe to these at once, started. */
        trackIds: trackIds.default([]),
        /** Where the room has audio slots, subscribe to them in place of microphones. */
        audioSlots: z.boolean().default(false),
      }),
      result: z.object({
        media: MediaSession,
        subscriptions: z.array(Subscription),
        audioSlots: AudioSlots.optional(),
      }),
    },
    /** From now on this connection gets the session's notifications. Answers whether it still lives, and its transports. */
    'session.adopt': {
      params: z.object({ mediaSessionId: z.string() }),
      result: z.object({
        alive: z.boolean(),
        send: z.boolean(),
        receive: z.boolean(),
        audioSlots: AudioSlots.optional(),
      }),
    },
    'session.close': { params: z.object({ mediaSessionId: z.string() }), result: Empty },
    /** Another transport to receive over, or to send over. */
    'transport.open': {
      params: z.object({ mediaSessionId: z.string(), direction: Direction.default('receive') }),
      result: TransportOpened,
    },
    'transport.close': {
      params: z.object({ mediaSessionId: z.string(), transportId: TransportId }),
      result: Empty,
    },
    'transport.connect': {
      params: z.object({
        mediaSessionId: z.string(),
        direction: Direction,
        transportId: TransportId.optional(),
        dtlsParameters: DtlsParameters,
      }),
      result: Empty,
    },
    'transport.restartIce': {
      params: z.object({
        mediaSessionId: z.string(),
        direction: Direction,
        transportId: TransportId.optional(),
      }),
      result: z.object({ iceParameters: IceParameters }),
    },
    /** Produces a track; an earlier production of it closes, or goes on for a moment when it is over another transport. */
    'track.publish': {
      params: z.object({
        mediaSessionId: z.string(),
        transportId: TransportId.optional(),
        trackId: TrackId,
        epoch: z.number().int(),
        kind: z.enum(['audio', 'video', 'data']),
        /** Microphones are what audio slots carry. */
        source: Source.optional(),
        muted: z.boolean(),
        rtpParameters: RtpParameters.optional(),
        sctpStreamParameters: SctpStreamParameters.optional(),
      }),
      result: z.object({ codec: z.string(), spatialLayers: z.number().int().min(1) }),
    },
    /** Takes a production back that did not get into the room's log. */
    'track.unpublish': { params: z.object({ mediaSessionId: z.string(), trackId: TrackId }), result: Empty },
    'track.subscribe': {
      params: z.object({
        mediaSessionId: z.string(),
        transportId: TransportId.optional(),
        trackIds,
        started: z.boolean(),
        /** Earlier productions than these are no good. */
        epochs: z.record(TrackId, z.number().int()).optional(),
      }),
      result: SubscribeResult,
    },
    'track.start': { params: z.object({ mediaSessionId: z.string(), trackIds }), result: Empty },
    'track.unsubscribe': {
      params: z.object({
        mediaSessionId: z.string(),
        trackIds,
        /** Of earlier productions, which go on until then. */
        subscriptionIds: z.array(z.string()).optional(),
      }),
      result: Empty,
    },
    'track.setPreferences': {
      params: z.object({
        mediaSessionId: z.string(),
        preferences: z.array(LayerPreferences.extend({ trackId: TrackId })),
      }),
      result: Empty,
    },
    'track.starved': { params: z.object({ mediaSessionId: z.string(), trackIds }), result: Empty },
    'node.describe': {
      params: Empty,
      result: z.object({
        nodeId: z.string(),
        rtpCapabilities: RtpCapabilities,
        workers: z.array(
          z.object({
            pid: z.number(),
            sessions: z.number(),
            routers: z.number(),
            producers: z.number(),
            consumers: z.number(),
            pipes: z.number(),
          }),
        ),
      }),
    },
  },
  notifications: {},
} as const satisfies Contract;
export type MediaNodeContract = typeof mediaNode;

/** What a media node tells the signaling node that opened or adopted a session. */
export const mediaControl = {
  requests: {},
  notifications: {
    /** Its worker died or its transports failed for good: open a new session. */
    'session.lost': z.object({
      mediaSessionId: z.string(),
      participantId: ParticipantId,
      roomId: RoomId,
      reason: z.string(),
    }),
    'session.connectivity': z.object({
      mediaSessionId: z.string(),
      direction: Direction,
      transportId: TransportId,
      state: z.enum(['new', 'connected', 'disconnected', 'failed']),
    }),
    'subscription.closed': z.object({
      mediaSessionId: z.string(),
      subscriptionId: z.string(),
      trackId: TrackId,
    }),
    'subscription.layers': z.object({
      mediaSessionId: z.string(),
      subscriptionId: z.string(),
      trackId: TrackId,
      spatialLayer: z.number().int().nullable(),
      temporalLayer: z.number().int().nullable(),
      reason: LimitReason.optional(),
    }),
    'track.demand': z.object({
      mediaSessionId: z.string(),
      trackId: TrackId,
      maxSpatialLayer: z.number().int().nullable(),
    }),
    'room.audioSlots': z.object({ roomId: RoomId, slots: AudioSlots }),
    'room.speakers': z.object({
      roomId: RoomId,
      speakers: z.array(z.object({ trackId: TrackId, participantId: ParticipantId, level: z.number() })),
    }),
  },
} as const satisfies Contract;
export type MediaControl = typeof mediaControl;
