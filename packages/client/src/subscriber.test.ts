import { Emitter, Lifetime, PlatformError, silentLogger } from '@weir/core';
import type { RoomSnapshot, Subscription } from '@weir/protocol';
import { expect, onTestFinished, test, vi } from 'vitest';
import { AudioSlots } from './audio-slots.ts';
import type { LocalParticipant } from './local-participant.ts';
import type { MediaEngine, Reception } from './media-engine.ts';
import type { RoomEvents } from './room-events.ts';
import { RoomModel } from './room-model.ts';
import type { SignalingLink } from './signaling-link.ts';
import { Subscriber } from './subscriber.ts';

/** A subscriber of a room with so many cameras; its server answers as the real one, after a moment, and is taken down. */
function setUp(cameras: number) {
  const asked: { method: string; trackIds: string[] }[] = [];
  const server = { failing: new Set<string>(), msOf: (_method: string) => 5 };
  const link = Object.assign(new Lifetime(), {
    mediaScope: {},
    async request(method: string, params: { trackIds: string[] }) {
      asked.push({ method, trackIds: params.trackIds });
      await new Promise((resolve) => setTimeout(resolve, server.msOf(method)));
      if (server.failing.delete(method)) throw new PlatformError('timeout', `${method}: no answer`);
      const subscriptions = params.trackIds?.map((trackId) => ({
        subscriptionId: `of-${trackId}`,
        trackId,
        transportId: 'only',
        epoch: 1,
      }));
      return { subscriptions, failures: [] };
    },
  }) as unknown as SignalingLink;
  const engine = {
    mediaSessionId: 'media',
    async receive(subscriptions: Subscription[]) {
      const reception = ({ subscriptionId }: Subscription) =>
        ({ subscriptionId, track: {} as MediaStreamTrack, close() {} }) as unknown as Reception;
      return new Map(subscriptions.map((one) => [one.trackId, reception(one)]));
    },
  } as unknown as MediaEngine;
  const events = new Emitter<RoomEvents>();
  const local = { participantId: 'me' } as unknown as LocalParticipant;
  const model = new RoomModel(local, events, {
    setSubscribed: async () => {},
    setPreferences: async () => {},
  });
  const slots = new AudioSlots(model, events);
  const subscriber = new Subscriber(link, engine, model, events, {
    auto: true,
    slots,
    logger: silentLogger,
  });
  const trackIds = Array.from({ length: cameras }, (_, i) => `t-${i}`);
  model.applySnapshot({
    revision: 1,
    room: { incarnation: 'a', settings: {} },
    participants: [{ participantId: 'other', grants: {} }],
    tracks: trackIds.map((trackId) => ({
      trackId,
      participantId: 'other',
      kind: 'video',
      source: 'camera',
      name: trackId,
      epoch: 1,
    })),
    lobby: [],
  } as unknown as RoomSnapshot);
  const started = () => asked.flatMap(({ method, trackIds }) => (method === 'track.start' ? trackIds : []));
  return { subscriber, model, asked, started, server, trackIds, link };
}

test('a few tracks start as they are set up, each batch as soon as the one before has', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { started, trackIds, link, server } = setUp(30);
  using _ = link;
  server.msOf = (method) => (method === 'track.start' ? 8 : 5); // The second is set up while the first is started.
  await vi.advanceTimersByTimeAsync(50);
  expect(started()).toEqual(trackIds);
});

test('of hundreds those that nobody looks at start when all are set up, a few at a time', async () => {
  const { subscriber, model, asked, started, trackIds, link } = setUp(300);
  using _ = link;
  const shown = trackIds.slice(-5);
  for (const trackId of shown) await subscriber.setPreferences(model.track(trackId)!, { paused: false });
  await vi.waitFor(() => expect(started()).toHaveLength(300), { timeout: 10_000 });

  const lastSetUp = asked.findLastIndex(({ method }) => method === 'track.subscribe');
  const early = asked
    .slice(0, lastSetUp)
    .flatMap((one) => (one.method === 'track.start' ? one.trackIds : []));
  expect(early).toEqual(expect.arrayContaining(shown));
  expect(early.length).toBeLessThan(150);
  for (const { method, trackIds } of asked)
    if (method === 'track.start') expect(trackIds.length).toBeLessThanOrEqual(50);
  expect(new Set(started()).size).toBe(300);
});

test('a page that sets hundreds up slowly does not begin to decode them meanwhile', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { asked, started, server, link } = setUp(300);
  using _ = link;
  server.msOf = (method) => (method === 'track.subscribe' ? 12_000 : 5);
  const subscribed = () => asked.filter(({ method }) => method === 'track.subscribe').length;
  while (subscribed() < 6) await vi.advanceTimersByTimeAsync(1_000);
  expect(started().length).toBeLessThanOrEqual(50);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(started()).toHaveLength(300);
});

test('what could not be started is started later', async () => {
  const { started, server, link } = setUp(10);
  using _ = link;
  server.failing.add('track.start');
  await vi.waitFor(() => expect(started()).toHaveLength(20), { timeout: 5_000 });
});
