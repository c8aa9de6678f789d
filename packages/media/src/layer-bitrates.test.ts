import { FakeClock } from '@weir/testing';
import type * as engine from 'mediasoup/types';
import { expect, test } from 'vitest';
import { LayerBitrates } from './layer-bitrates.ts';

/** Simulcast of two sizes, of which `sent` come in with so many bits a second. */
function startBitrates(sent: Record<string, number>) {
  const clock = new FakeClock();
  const encodings = [
    { rid: 'low', maxBitrate: 200_000 },
    { rid: 'high', maxBitrate: 1_000_000 },
  ];
  const producer = {
    kind: 'video',
    rtpParameters: { encodings },
    score: [],
    on: () => {},
    getStats: async () =>
      Object.entries(sent).map(([rid, bitrate]) => ({ rid, bitrate, bitrateByLayer: {} })),
  };
  return { clock, sent, bitrates: new LayerBitrates(producer as unknown as engine.Producer, clock) };
}

test('a larger layer that has just begun to be sent costs what its sender announced; less is believed slowly', async () => {
  const { clock, bitrates } = startBitrates({ low: 40_000, high: 100_000 });
  expect(bitrates.costs()).toEqual([180_000, 900_000]);
  await clock.advance(0);
  expect(bitrates.costs()).toEqual([40_000, 900_000]);
  await clock.advance(2_000);
  expect(bitrates.costs()).toEqual([40_000, 740_000]);
  await clock.advance(2_000);
  expect(bitrates.costs()).toEqual([40_000, 612_000]);
});

test('a burst is believed at once, a lull slowly, an end at once', async () => {
  const { clock, bitrates, sent } = startBitrates({ low: 100_000, high: 500_000 });
  bitrates.costs();
  await clock.advance(2_000);
  Object.assign(sent, { low: 300_000, high: 0 });
  bitrates.costs();
  await clock.advance(2_000);
  expect(bitrates.costs()).toEqual([300_000, 900_000]);
  sent.low = 100_000;
  await clock.advance(2_000);
  expect(bitrates.costs()).toEqual([260_000, 900_000]);
});

test('one that begins with a burst is as dear as that', async () => {
  const { clock, bitrates } = startBitrates({ high: 1_500_000 });
  bitrates.costs();
  await clock.advance(0);
  expect(bitrates.costs()).toEqual([180_000, 1_500_000]);
});
