import type { RtpCapabilities } from '@weir/protocol';
import type { MediaCodec } from './media-file.ts';

/** The header extensions that a peer knows (RFC 8285 URIs). */
export const extensionUris = {
  mid: 'urn:ietf:params:rtp-hdrext:sdes:mid',
  absSendTime: 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time',
  transportSequence: 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
  audioLevel: 'urn:ietf:params:rtp-hdrext:ssrc-audio-level',
  absCaptureTime: 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time',
} as const;

// The engine offers an extension to a receiver only under the number by which its router knows it.
const extensionIds = {
  mid: 1,
  absSendTime: 4,
  transportSequence: 5,
  audioLevel: 6,
  absCaptureTime: 10,
} as const;

const extensionsOf = {
  audio: ['mid', 'absSendTime', 'audioLevel', 'absCaptureTime'],
  video: ['mid', 'absSendTime', 'transportSequence', 'absCaptureTime'],
} as const;

/** The extensions that a track of this kind carries. */
export function headerExtensions(kind: 'audio' | 'video'): { uri: string; id: number }[] {
  return extensionsOf[kind].map((name) => ({ uri: extensionUris[name], id: extensionIds[name] }));
}

/** The payload types that a peer sends with. Receiving follows the numbers in the subscription. */
export const payloadTypes = {
  opus: { media: 100, rtx: undefined },
  VP8: { media: 101, rtx: 102 },
  H264: { media: 103, rtx: 104 },
} as const satisfies Record<MediaCodec, { media: number; rtx: number | undefined }>;

export const h264Parameters = {
  'packetization-mode': 1,
  'profile-level-id': '42e01f',
  'level-asymmetry-allowed': 1,
} as const;

export const videoFeedback = [
  { type: 'nack' },
  { type: 'nack', parameter: 'pli' },
  { type: 'ccm', parameter: 'fir' },
  { type: 'transport-cc' },
];

type Codec = NonNullable<RtpCapabilities['codecs']>[number];

function video(mimeType: string, payloadType: number, parameters: Codec['parameters'] = {}): Codec[] {
  const codec = { kind: 'video', mimeType, preferredPayloadType: payloadType, clockRate: 90_000 } as const;
  const rtx = { ...codec, mimeType: 'video/rtx', preferredPayloadType: payloadType + 1 };
  return [
    { ...codec, parameters, rtcpFeedback: videoFeedback },
    { ...rtx, parameters: { apt: payloadType }, rtcpFeedback: [] },
  ];
}

/**
 * What a peer can receive: Opus, VP8 and H264 understood, VP9 and AV1 counted. It tells the server when packets arrive, as
 * a browser does, so that the server estimates its bandwidth.
 */
export function rtpCapabilities(): RtpCapabilities {
  const h264 = (profile: string) => ({ ...h264Parameters, 'profile-level-id': profile });
  return {
    codecs: [
      {
        kind: 'audio',
        mimeType: 'audio/opus',
        preferredPayloadType: 100,
        clockRate: 48_000,
        channels: 2,
        parameters: { minptime: 10, useinbandfec: 1 },
        rtcpFeedback: [],
      },
      ...video('video/VP8', 101),
      ...video('video/H264', 103, h264('42e01f')),
      ...video('video/H264', 105, h264('4d001f')),
      ...video('video/H264', 107, h264('64001f')),
      ...video('video/VP9', 109, { 'profile-id': 0 }),
      ...video('video/AV1', 111),
    ],
    headerExtensions: (['audio', 'video'] as const).flatMap((kind) =>
      headerExtensions(kind).map(({ uri, id }) => ({
        kind,
        uri,
        preferredId: id,
        preferredEncrypt: false,
        direction: 'sendrecv' as const,
      })),
    ),
  };
}
