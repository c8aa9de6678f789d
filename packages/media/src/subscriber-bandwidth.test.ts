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
  const stuck: string[] = [];
  const bandwidth = new SubscriberBandwidth(clock, (id) => stuck.push(id));
  const engine = Object.assign(new EventEmitter(), {
    id: 'transport',
    observer: new EventEmitter(),
    enableTraceEvent: async () => {},
    dtlsState: 'connected',
    floors: [] as number[],
    availableOutgoingBitrate: 0,
    async getStats() {
      return [{ availableOutgoingBitrate: this.availableOutgoingBitrate }];
    },
    async setMinOutgoingBitrate(bps: number) {
      this.floors.push(bps);
    },
  });
  const video = Object.assign(new Lifetime(), {
    trackId: 't_a',
    transportId: engine.id,
    demand: { ...camera, trackId: 't_a', kind: 'video' } satisfies TrackDemand,
    allowed: undefined as number | undefined,
    picture: 'flows' as Sharer['picture'],
    allow(level: number | undefined) {
      this.allowed = level;
    },
  });
  bandwidth.listen(engine as unknown as LineTransport);
  bandwidth.add(video as Sharer);
  const estimate = (availableBitrate: number) =>
    engine.emit('trace', { type: 'bwe', info: { availableBitrate, maxBitrate } });
  const ice = (state: string) => engine.emit('icestatechange', state);
  return { clock, bandwidth, engine, stuck, video, estimate, ice };
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
  for (const bps of [1_400_000, 60_000]) estimate(bps); // From before, and from the silence.
  bandwidth.fell(video as Sharer, -1);
  await clock.advance(3_000);
  expect(video.allowed).toBeUndefined();
  for (const bps of [50_000, 400_000]) {
    estimate(bps); // The engine's own has fallen in the silence, and climbs.
    expect(video.allowed).toBeUndefined();
  }
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

test('[SG42] where no picture flows that should, the smallest is tried, ever more rarely, and no more when one flows', async () => {
  const { clock, bandwidth, engine, video } = startLine();
  const { floors } = engine;
  const becomes = (picture: Sharer['picture']) => {
    video.picture = picture;
    bandwidth.flowChanged();
  };
  await clock.advance(60_000);
  becomes('missing');
  await clock.advance(4_900);
  expect(floors).toEqual([]); // A key frame may be on its way.
  await clock.advance(9_000);
  expect(floors.slice(0, 2)).toEqual([200_000, 0]);
  await clock.advance(300_000);
  const trials = floors.filter((bps) => bps > 0).length;
  expect(trials).toBeGreaterThanOrEqual(6);
  expect(trials).toBeLessThanOrEqual(14);
  becomes('flows');
  await clock.advance(4_000);
  const before = floors.length;
  await clock.advance(120_000);
  expect(floors.length).toBe(before);
  expect(floors.at(-1)).toBe(0);
});

test('a trial ends soon after a picture came; what the estimate was before holds nothing back in it', async () => {
  const { clock, bandwidth, engine, video, estimate } = startLine();
  estimate(1_700_000);
  estimate(50_000);
  expect(video.allowed).toBe(-1);
  video.picture = 'missing';
  bandwidth.flowChanged();
  while (engine.floors.length === 0) await clock.advance(100);
  expect(engine.floors).toEqual([200_000]);
  expect(video.allowed).toBeUndefined();
  video.picture = 'flows';
  bandwidth.flowChanged();
  await clock.advance(700);
  expect(engine.floors).toEqual([200_000, 0]);
});

test('where the engine has an estimate, a picture that is late after a return is no reason for another transport', async () => {
  const { clock, bandwidth, engine, stuck, video, ice } = startLine();
  engine.availableOutgoingBitrate = 60_000;
  ice('disconnected');
  video.picture = 'missing';
  bandwidth.flowChanged();
  ice('completed');
  await clock.advance(20_000);
  expect(engine.floors.length).toBeGreaterThan(1);
  expect(stuck).toEqual([]);
});

test('a path that is not there is not tried; one that has come back is, at once', async () => {
  const { clock, bandwidth, engine, stuck, video, ice } = startLine();
  ice('disconnected');
  video.picture = 'missing';
  bandwidth.flowChanged();
  await clock.advance(20_000);
  expect(engine.floors).toEqual([]);
  ice('completed');
  await clock.advance(300);
  expect(engine.floors).toEqual([200_000]);
  expect(stuck).toEqual([]);
  await clock.advance(3_000);
  expect(stuck).toEqual([engine.id]); // Not even the smallest picture has come.
  await clock.advance(60_000);
  expect(stuck).toEqual([engine.id]);
  bandwidth.close();
  expect(clock.pending).toBe(0);
});
