import { EventEmitter } from 'node:events';
import { Lifetime } from '@weir/core';
import { FakeClock } from '@weir/testing';
import { expect, test } from 'vitest';
import type { TrackDemand } from './bandwidth-allocation.ts';
import { type Sharer, SubscriberBandwidth } from './subscriber-bandwidth.ts';
import type { LineTransport } from './transport-line.ts';

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
    rtpPacketLossSent: 0,
    async getStats() {
      const { availableOutgoingBitrate, rtpPacketLossSent } = this;
      return [{ availableOutgoingBitrate, rtpPacketLossSent }];
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

test('an estimate too low for any picture stops one only where packets are lost', async () => {
  const { clock, engine, video, estimate } = startLine();
  const looks = async () => {
    for (const bps of [1_000_000, 400_000, 60_000]) {
      estimate(bps);
      await clock.advance(0);
    }
    return video.allowed;
  };
  engine.rtpPacketLossSent = 0.02;
  expect(await looks()).toBe(0);
  engine.rtpPacketLossSent = 0.3;
  expect(await looks()).toBe(0); // Perhaps that was lost by the larger one of before.
  await clock.advance(1_000);
  expect(await looks()).toBe(-1);
});

test('an estimate that falls at once stops no picture either: whether anything is lost is looked at first', async () => {
  const { clock, video, estimate } = startLine();
  estimate(60_000);
  expect(video.allowed).toBe(0);
  await clock.advance(0);
  expect(video.allowed).toBe(0);
});

test('what was lost before the line was wide again stops nothing when it gets narrow', async () => {
  const { clock, engine, video, estimate } = startLine();
  engine.rtpPacketLossSent = 0.3;
  estimate(60_000);
  await clock.advance(0);
  expect(video.allowed).toBe(-1);
  estimate(2_000_000);
  await clock.advance(2_000);
  estimate(2_000_000);
  await clock.advance(10_000);
  engine.rtpPacketLossSent = 0;
  estimate(60_000);
  expect(video.allowed).toBe(0);
});

test('what arrives is kept up while the engine estimates less, until that is more again', async () => {
  const { clock, engine, estimate } = startLine();
  for (const bps of [1_000_000, 400_000]) estimate(bps);
  await clock.advance(0); // Nothing is lost.
  expect(engine.floors).toEqual([]);
  estimate(60_000);
  expect(engine.floors).toEqual([150_000]);
  estimate(150_000); // What it is made to estimate.
  expect(engine.floors).toEqual([150_000]);
  estimate(160_000);
  expect(engine.floors).toEqual([150_000, 0]);
  estimate(60_000);
  await clock.advance(1_000); // What is lost now is lost by the smallest.
  engine.rtpPacketLossSent = 0.5;
  estimate(150_000);
  await clock.advance(0);
  expect(engine.floors).toEqual([150_000, 0, 150_000, 0]);
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
  await clock.advance(2_400);
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
  engine.rtpPacketLossSent = 0.5;
  estimate(1_700_000);
  estimate(50_000);
  await clock.advance(0);
  Object.assign(engine, { rtpPacketLossSent: 0, floors: [] });
  expect(video.allowed).toBe(-1);
  video.picture = 'missing';
  bandwidth.flowChanged();
  while (engine.floors.length === 0) await clock.advance(100);
  expect(engine.floors).toEqual([200_000]);
  expect(video.allowed).toBe(0); // What begins to be sent measures as next to nothing: the engine would take all of it.
  video.picture = 'flows';
  bandwidth.flowChanged();
  await clock.advance(700);
  for (const [bps, allowed] of [
    [400_000, 1],
    [1_900_000, undefined], // All that the engine looks for.
  ] as const) {
    estimate(bps);
    expect(video.allowed).toBe(allowed);
  }
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
