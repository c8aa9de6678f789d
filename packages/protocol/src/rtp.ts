import { z } from 'zod';

// The shapes are ORTC's as the engine uses them (https://draft.ortc.org). They are bounded here and checked in depth by
// the engine, which owns their meaning.

const Parameters = z
  .record(z.string().max(64), z.union([z.string().max(512), z.number(), z.null()]))
  .optional();
const RtcpFeedback = z.object({ type: z.string().max(32), parameter: z.string().max(32).optional() });
const HeaderExtension = z.object({
  uri: z.string().max(128),
  id: z.number().int().min(1).max(255),
  encrypt: z.boolean().optional(),
  parameters: Parameters,
});

export const MediaKind = z.enum(['audio', 'video']);
export type MediaKind = z.infer<typeof MediaKind>;

export const RtpCodecCapability = z.object({
  kind: MediaKind,
  mimeType: z.string().max(64),
  preferredPayloadType: z.number().int().min(0).max(127).optional(),
  clockRate: z.number().int().positive(),
  channels: z.number().int().positive().optional(),
  parameters: Parameters,
  rtcpFeedback: z.array(RtcpFeedback).max(16).optional(),
});

/** What a device or the engine can receive. */
export const RtpCapabilities = z.object({
  codecs: z.array(RtpCodecCapability).max(128).optional(),
  headerExtensions: z
    .array(
      z.object({
        kind: MediaKind,
        uri: z.string().max(128),
        preferredId: z.number().int().min(1).max(255),
        preferredEncrypt: z.boolean().optional(),
        direction: z.enum(['sendrecv', 'sendonly', 'recvonly', 'inactive']).optional(),
      }),
    )
    .max(64)
    .optional(),
});
export type RtpCapabilities = z.infer<typeof RtpCapabilities>;

/** What one publication sends, or one subscription receives. */
export const RtpParameters = z.object({
  mid: z.string().max(32).optional(),
  msid: z.string().max(256).optional(),
  codecs: z
    .array(
      z.object({
        mimeType: z.string().max(64),
        payloadType: z.number().int().min(0).max(127),
        clockRate: z.number().int().positive(),
        channels: z.number().int().positive().optional(),
        parameters: Parameters,
        rtcpFeedback: z.array(RtcpFeedback).max(16).optional(),
      }),
    )
    .min(1)
    .max(16),
  headerExtensions: z.array(HeaderExtension).max(32).optional(),
  encodings: z
    .array(
      z.object({
        ssrc: z.number().int().min(0).max(0xffffffff).optional(),
        rid: z.string().max(16).optional(),
        codecPayloadType: z.number().int().min(0).max(127).optional(),
        rtx: z.object({ ssrc: z.number().int().min(0).max(0xffffffff) }).optional(),
        dtx: z.boolean().optional(),
        scalabilityMode: z.string().max(16).optional(),
        scaleResolutionDownBy: z.number().positive().optional(),
        maxBitrate: z.number().positive().optional(),
        maxFramerate: z.number().positive().optional(),
        active: z.boolean().optional(),
      }),
    )
    .max(8)
    .optional(),
  rtcp: z
    .object({
      cname: z.string().max(256).optional(),
      reducedSize: z.boolean().optional(),
      mux: z.boolean().optional(),
    })
    .optional(),
});
export type RtpParameters = z.infer<typeof RtpParameters>;

/** One data channel (RFC 8831). Ordered and reliable unless a limit is given. */
export const SctpStreamParameters = z.object({
  streamId: z.number().int().min(0).max(65535),
  ordered: z.boolean().optional(),
  maxPacketLifeTime: z.number().int().min(0).max(60_000).optional(),
  maxRetransmits: z.number().int().min(0).max(100).optional(),
});
export type SctpStreamParameters = z.infer<typeof SctpStreamParameters>;

export const DtlsParameters = z.object({
  role: z.enum(['auto', 'client', 'server']).optional(),
  fingerprints: z
    .array(
      z.object({
        algorithm: z.enum(['sha-1', 'sha-224', 'sha-256', 'sha-384', 'sha-512']),
        value: z.string().max(256),
      }),
    )
    .min(1)
    .max(8),
});
export type DtlsParameters = z.infer<typeof DtlsParameters>;

export const IceParameters = z.object({
  usernameFragment: z.string().max(256),
  password: z.string().max(256),
  iceLite: z.boolean().optional(),
});
export type IceParameters = z.infer<typeof IceParameters>;

export const IceCandidate = z.object({
  foundation: z.string().max(64),
  priority: z.number().int().nonnegative(),
  ip: z.string().max(64),
  address: z.string().max(256),
  protocol: z.enum(['udp', 'tcp']),
  port: z.number().int().min(0).max(65535),
  type: z.enum(['host', 'srflx', 'prflx', 'relay']),
  tcpType: z.enum(['passive']).optional(),
});
export type IceCandidate = z.infer<typeof IceCandidate>;

export const IceServer = z.object({
  urls: z.array(z.string()),
  username: z.string().optional(),
  credential: z.string().optional(),
});
export type IceServer = z.infer<typeof IceServer>;

/** A WebRTC transport as its server side was made (engine: WebRtcTransport). */
export const TransportParameters = z.object({
  id: z.string(),
  iceParameters: IceParameters,
  iceCandidates: z.array(IceCandidate),
  dtlsParameters: DtlsParameters,
  sctpParameters: z.object({
    port: z.number(),
    OS: z.number(),
    MIS: z.number(),
    maxMessageSize: z.number(),
  }),
});
export type TransportParameters = z.infer<typeof TransportParameters>;
