import type { ProducerStat, RtpEncodingParameters } from 'mediasoup/types';
import { describe, expect, test } from 'vitest';
import { layerLevels, nominalBps, sentLayers } from './layer-levels.ts';

const video = (...encodings: RtpEncodingParameters[]) => ({
  kind: 'video' as const,
  rtpParameters: { codecs: [], encodings },
});
const simulcast = video(
  { rid: 'r0', maxBitrate: 200_000, scalabilityMode: 'L1T3' },
  { rid: 'r1', maxBitrate: 600_000, scalabilityMode: 'L1T3' },
  { rid: 'r2', maxBitrate: 2_000_000, scalabilityMode: 'L1T3' },
);
const svc = video({ maxBitrate: 2_000_000, scalabilityMode: 'L3T3_KEY' });
const rates = video({ maxBitrate: 1_000_000, scalabilityMode: 'L1T3' });
const plain = video({ ssrc: 1 });

const levelsOf = (sent: Parameters<typeof layerLevels>[0]) =>
  layerLevels(sent).map(({ spatialLayer, temporalLayer }) => `${spatialLayer}.${temporalLayer}`);

describe('the levels of a track', () => {
  test.each([
    ['simulcast', simulcast, ['0.0', '0.2', '1.2', '2.2'], [72_000, 180_000, 540_000, 1_800_000]],
    ['SVC', svc, ['0.0', '0.2', '1.2', '2.2'], [86_400, 216_000, 630_000, 1_800_000]],
    ['one size in three rates', rates, ['0.0', '0.1', '0.2'], [360_000, 540_000, 900_000]],
    ['one of nothing known', plain, ['0.0'], [1_500_000]],
    ['two sizes of one rate', video({ ssrc: 1 }, { ssrc: 2 }), ['0.0', '1.0'], [450_000, 1_500_000]],
    ['sound', { ...plain, kind: 'audio' as const }, ['0.0'], [40_000]],
  ] as const)('%s', (_, sent, levels, costs) => {
    expect(levelsOf(sent)).toEqual(levels);
    expect(layerLevels(sent).map((level) => Math.round(nominalBps(sent, level)))).toEqual(costs);
  });
});

describe('what comes in', () => {
  const stat = (changes: Partial<ProducerStat>) =>
    ({ bitrate: 0, bitrateByLayer: {}, ...changes }) as ProducerStat;

  test('of simulcast, by the stream', () => {
    const stats = [stat({ rid: 'r1', bitrateByLayer: { '0.0': 200_000, '0.1': 300_000, '0.2': 500_000 } })];
    expect(sentLayers(simulcast, stats)).toEqual([
      { spatialLayer: 1, temporalLayer: 0, bitrateBps: 200_000 },
      { spatialLayer: 1, temporalLayer: 1, bitrateBps: 300_000 },
      { spatialLayer: 1, temporalLayer: 2, bitrateBps: 500_000 },
    ]);
  });

  test('of SVC whose sizes stand alone, each without those below', () => {
    const bitrateByLayer = { '0.0': 50_000, '0.2': 100_000, '1.0': 200_000, '1.2': 400_000 };
    expect(sentLayers(svc, [stat({ bitrateByLayer })])).toEqual([
      { spatialLayer: 0, temporalLayer: 0, bitrateBps: 50_000 },
      { spatialLayer: 0, temporalLayer: 2, bitrateBps: 100_000 },
      { spatialLayer: 1, temporalLayer: 0, bitrateBps: 100_000 },
      { spatialLayer: 1, temporalLayer: 2, bitrateBps: 300_000 },
    ]);
  });

  test('of one plain stream', () => {
    expect(sentLayers(plain, [stat({ ssrc: 1, bitrate: 700_000 })])).toEqual([
      { spatialLayer: 0, temporalLayer: 0, bitrateBps: 700_000 },
    ]);
  });
});
