import { RtpCapabilities } from '@weir/protocol';
import { expect, test } from 'vitest';
import { mediaCodecs, routerRtpCapabilities } from './codecs.ts';

test('the capabilities are the same each time and fit the protocol', () => {
  const capabilities = routerRtpCapabilities();
  expect(routerRtpCapabilities()).toEqual(capabilities);
  expect(RtpCapabilities.parse(capabilities)).toEqual(capabilities);
});

test('every codec is offered once, each video codec with retransmission', () => {
  const { codecs = [] } = routerRtpCapabilities();
  const types = codecs.map((codec) => codec.preferredPayloadType);
  expect(new Set(types).size).toBe(codecs.length);
  expect(codecs.filter((codec) => !codec.mimeType.endsWith('/rtx')).map((codec) => codec.mimeType)).toEqual(
    mediaCodecs.map((codec) => codec.mimeType),
  );
  const repaired = codecs
    .filter((codec) => codec.mimeType === 'video/rtx')
    .map((codec) => codec.parameters?.apt);
  const video = codecs.filter((codec) => codec.kind === 'video' && codec.mimeType !== 'video/rtx');
  expect(repaired).toEqual(video.map((codec) => codec.preferredPayloadType));
});

test('Opus is stereo, with forward error correction and silence suppression', () => {
  expect(routerRtpCapabilities().codecs?.[0]).toMatchObject({
    mimeType: 'audio/opus',
    channels: 2,
    parameters: { useinbandfec: 1, usedtx: 1 },
  });
});
