import { EventEmitter } from 'node:events';
import { Lifetime } from '@weir/core';
import { FakeClock } from '@weir/testing';
import { expect, test } from 'vitest';
import type { TrackDemand } from './bandwidth-allocation.ts';
import { type LineTransport, type Sharer, SubscriberBandwidth } from './subscriber-bandwidth.ts';

const camera = { levelsBps: [100_000, 300_000, 1_200_000], wanted: 2, muted: false, priority: 1 } as const;

/** A line of one transport with one video, and what that is allowed. */
function startLine(maxBitrate = 2_000_000) {
  const clock = new FakeClock();
  const bandwidth = new SubscriberBandwidth(clock);
  const engine = Object.assign(new EventEmitter(), {
    id: 'transport',
    observer: new EventEmitter(),
    enableTraceEvent: async () => {},
  });
  const video = Object.assign(new Lifetime(), {
    trackId: 't_a',
    transportId: engine.id,
    demand: { ...camera, trackId: 't_a', kind: 'video' } satisfies TrackDemand,
    allowed: undefined as number | undefined,
    allow(level: number | undefined) {
      this.allowed = level;
    },
  });
  bandwidth.listen(engine as unknown as LineTransport);
  bandwidth.add(video as Sharer);
  const estimate = (availableBitrate: number) =>
    engine.emit('trace', { type: 'bwe', info: { availableBitrate, maxBitrate } });
  const ice = (state: string) => engine.emit('icestatechange', state);
  return { clock, bandwidth, video, estimate, ice };
}

test('whoever comes back after an absence has a new line: nothing that was known of the old one holds back', async () => {
  const { clock, bandwidth, video, estimate, ice } = startLine();
  for (let i = 0; i < 3; i++) {
    estimate(150_000);
    expect(video.allowed).toBe(0);
    await clock.advance(50_000);
    estimate(1_700_000);
  }
  estimate(150_000);
  ice('disconnected');
  estimate(0);
  bandwidth.fell(video as Sharer, 0); // The engine sends nothing where there is no path.
  await clock.advance(20_000);
  expect(video.allowed).toBe(0);
  ice('connected');
  expect(video.allowed).toBeUndefined();
  estimate(150_000);
  expect(video.allowed).toBe(0);
});

test('an absence costs no picture that flowed before', async () => {
  const { clock, bandwidth, video, estimate, ice } = startLine();
  estimate(1_700_000);
  ice('disconnected');
  estimate(0);
  bandwidth.fell(video as Sharer, 0);
  await clock.advance(20_000);
  expect(video.allowed).toBeUndefined();
  ice('completed');
  expect(video.allowed).toBeUndefined();
});

test('an estimate that only climbs holds nothing back; the first that fell does', () => {
  const { video, estimate } = startLine(20_000_000);
  for (const bps of [1_500_000, 1_400_000, 2_500_000, 4_000_000]) {
    estimate(bps);
    expect(video.allowed, `${bps}`).toBeUndefined();
  }
  estimate(400_000);
  expect(video.allowed).toBe(1);
});
