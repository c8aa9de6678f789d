import { PlatformError } from '@weir/core';
import type { RtpParameters } from '@weir/protocol';
import { NotFoundError, UnsupportedError, WorkerClosedError } from 'mediasoup/errors';
import type { WebRtcTransport } from 'mediasoup/types';
import { describe, expect, test } from 'vitest';
import { routerRtpCapabilities } from './codecs.ts';
import { connectivity, describeProduction, narrowCapabilities, toPlatformError } from './engine-words.ts';

describe('ICE and DTLS as one state', () => {
  test.each([
    ['new', 'new', 'new'],
    ['connected', 'new', 'new'],
    ['connected', 'connecting', 'new'],
    ['connected', 'connected', 'connected'],
    ['completed', 'connected', 'connected'],
    ['disconnected', 'connected', 'failed'],
    ['completed', 'failed', 'failed'],
    ['completed', 'closed', 'disconnected'],
    ['disconnected', 'closed', 'disconnected'],
    ['closed', 'connected', 'disconnected'],
  ])('ICE %s, DTLS %s: %s', (iceState, dtlsState, expected) => {
    expect(connectivity({ iceState, dtlsState } as WebRtcTransport)).toBe(expected);
  });
});

describe('a production in words of the product', () => {
  const codecs: RtpParameters['codecs'] = [{ mimeType: 'video/VP9', payloadType: 100, clockRate: 90_000 }];
  test.each([
    ['no encodings', undefined, 1],
    ['one', [{ ssrc: 1 }], 1],
    ['simulcast', [{ rid: 'q' }, { rid: 'h' }, { rid: 'f' }], 3],
    ['simulcast with temporal layers', [{ scalabilityMode: 'L1T3' }, { scalabilityMode: 'L1T3' }], 2],
    ['SVC', [{ scalabilityMode: 'L3T3_KEY' }], 3],
  ])('%s', (_, encodings, spatialLayers) => {
    const rtpParameters = encodings ? { codecs, encodings } : { codecs };
    const production = { kind: 'video' as const, muted: false, rtpParameters };
    expect(describeProduction(production)).toEqual({ codec: 'video/VP9', spatialLayers });
  });
});

test.each([
  [new UnsupportedError('x'), 'codec-unsupported'],
  [new WorkerClosedError('x'), 'media-lost'],
  [new NotFoundError('x'), 'media-lost'],
  [new TypeError('x'), 'bad-request'],
  [new Error('x'), 'internal'],
  [new PlatformError('conflict', 'x'), 'conflict'],
])('the engine’s %s is ours with code %s', (error, code) => {
  expect(toPlatformError(error, 'test').code).toBe(code);
});

test('capabilities are narrowed to the codecs that rooms have, whatever their case', () => {
  const capabilities = {
    codecs: ['video/vp8', 'video/H265', 'video/rtx', 'audio/G722', 'audio/opus'].map((mimeType) => ({
      kind: mimeType.startsWith('audio') ? ('audio' as const) : ('video' as const),
      mimeType,
      clockRate: 90_000,
    })),
    headerExtensions: [],
  };
  const narrowed = narrowCapabilities(capabilities, routerRtpCapabilities());
  expect(narrowed.codecs?.map(({ mimeType }) => mimeType)).toEqual(['video/vp8', 'video/rtx', 'audio/opus']);
  expect(narrowed.headerExtensions).toEqual([]);
});
