import type { RtpCapabilities } from '@weir/protocol';
import { generateRouterRtpCapabilities } from 'mediasoup/ortc';
import type { RouterRtpCodecCapability } from 'mediasoup/types';

/**
 * The codecs of every room on every node, best first: a device takes the first that it has too. Constrained baseline is
 * the one H264 profile that all browsers encode.
 */
export const mediaCodecs: RouterRtpCodecCapability[] = [
  {
    kind: 'audio',
    mimeType: 'audio/opus',
    clockRate: 48_000,
    channels: 2,
    parameters: { useinbandfec: 1, usedtx: 1 },
  },
  { kind: 'video', mimeType: 'video/VP8', clockRate: 90_000 },
  { kind: 'video', mimeType: 'video/VP9', clockRate: 90_000, parameters: { 'profile-id': 0 } },
  { kind: 'video', mimeType: 'video/H264', clockRate: 90_000, parameters: h264('42e01f') },
  { kind: 'video', mimeType: 'video/H264', clockRate: 90_000, parameters: h264('42001f') },
  { kind: 'video', mimeType: 'video/AV1', clockRate: 90_000 },
];

function h264(profile: string) {
  return { 'packetization-mode': 1, 'profile-level-id': profile, 'level-asymmetry-allowed': 1 };
}

/** What every node can receive; the same everywhere, so that it can be handed out before a node is chosen. */
export function routerRtpCapabilities(): RtpCapabilities {
  // A copy, since the generator fills in what is missing.
  return generateRouterRtpCapabilities(structuredClone(mediaCodecs)) as RtpCapabilities;
}
