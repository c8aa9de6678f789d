import { z } from 'zod';
import type { Contract } from './contract.ts';
import { RoomId, TrackId } from './room.ts';
import { RtpParameters, SctpStreamParameters } from './rtp.ts';

const Empty = z.object({});
const NodeId = z.string().min(1).max(64);
const PipeId = z.string().min(1).max(64);

/** One end of a pipe: where it receives, and the key of what it sends. */
export const PipeEndParameters = z.object({
  address: z.string().min(1).max(256),
  port: z.number().int().min(1).max(65_535),
  srtp: z.object({ cryptoSuite: z.string().max(64), keyBase64: z.string().max(128) }),
});
export type PipeEndParameters = z.infer<typeof PipeEndParameters>;

export const PipeOffer = z.object({
  pipeId: PipeId,
  end: PipeEndParameters,
  epoch: z.number().int(),
  muted: z.boolean(),
  /** Of audio and video. */
  rtpParameters: RtpParameters.optional(),
  /** Of data. */
  sctpStreamParameters: SctpStreamParameters.optional(),
});
export type PipeOffer = z.infer<typeof PipeOffer>;

/** What a media node asks of another one that has a track: the track's origin, or an edge under which it was hung. */
export const mediaPipes = {
  requests: {
    /**
     * First on each connection: who asks. `instance` differs each time that the node starts. Of the pipes that it has from an
     * earlier connection (`pipeIds`) those that still live go on; others of that node are closed.
     */
    'edge.attach': {
      params: z.object({
        nodeId: NodeId,
        region: z.string().max(64),
        instance: z.string().max(64),
        pipeIds: z.array(PipeId).max(65_536),
      }),
      result: z.object({ alive: z.array(PipeId) }),
    },
    /** Answers a pipe, or (of the origin) under which edge to ask for one. */
    'pipe.open': {
      params: z.object({
        roomId: RoomId,
        trackId: TrackId,
        end: PipeEndParameters,
        /** The origin said to ask here. */
        hung: z.boolean().default(false),
        /** Nodes that gave none. */
        avoid: z.array(NodeId).max(16).default([]),
      }),
      result: z.union([z.object({ pipe: PipeOffer }), z.object({ under: NodeId })]),
    },
    'pipe.close': { params: z.object({ pipeId: PipeId }), result: Empty },
    /** Tells the origin that an edge which hangs under another one has let go of the track. */
    'pipe.leave': { params: z.object({ roomId: RoomId, trackId: TrackId }), result: Empty },
    /** The highest layer that anybody beyond the pipe wants; null: nothing need come. */
    'pipe.demand': {
      params: z.object({ pipeId: PipeId, maxSpatialLayer: z.number().int().nullable() }),
      result: Empty,
    },
    /** The pipes out of this node, and what went over each: RTP with its headers, and what was sent again. */
    'pipe.list': {
      params: Empty,
      result: z.object({
        pipes: z.array(
          z.object({
            pipeId: PipeId,
            roomId: RoomId,
            trackId: TrackId,
            to: NodeId,
            packets: z.number(),
            bytes: z.number(),
          }),
        ),
      }),
    },
  },
  notifications: {},
} as const satisfies Contract;
export type MediaPipes = typeof mediaPipes;

/** What an edge is told. */
export const pipeEdge = {
  requests: {},
  notifications: {
    /** The track ended, was produced anew, or what brought it here is gone. */
    'pipe.closed': z.object({ pipeId: PipeId }),
  },
} as const satisfies Contract;
export type PipeEdge = typeof pipeEdge;
