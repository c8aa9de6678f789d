import { silentLogger } from '@weir/core';
import { prepareMedia, prepareSimulcast } from '@weir/peer';
import { eventually, FakeClock } from '@weir/testing';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { callsTo } from './bound-handlers.ts';
import { MediaNode, type MediaNodeConfig } from './media-node.ts';
import { NoticeLog, TestParticipant } from './testing.ts';

const picture = { width: 640, height: 360, fps: 15, bitrateBps: 400_000, seconds: 2, keyFrameEvery: 8 };
const simulcast = () => prepareSimulcast({ codec: 'VP8', ...picture });
const opus = () => prepareMedia({ codec: 'opus', bitrateBps: 32_000, seconds: 2 });
const plain = () => prepareMedia({ codec: 'H264', ...picture, width: 320, height: 180 });

beforeAll(async () => {
  await Promise.all([simulcast(), plain(), opus()]); // Encoded once, not in a test's time.
}, 60_000);

/** Alice's camera in three sizes, seen by bob. */
async function startCall(options: Partial<MediaNodeConfig> = {}) {
  const clock = new FakeClock();
  const node = await MediaNode.start({
    nodeId: 'node-1',
    workers: 1,
    listen: [{ ip: '127.0.0.1' }],
    firstPort: 0,
    logger: silentLogger,
    clock,
    ...options,
  });
  onTestFinished(async () => node[Symbol.asyncDispose]());
  const { listener, notices } = new NoticeLog();
  const calls = callsTo(node, listener);
  const open = async (participantId: string) => {
    const participant = await TestParticipant.open(calls, { participantId });
    onTestFinished(() => participant.close());
    return participant;
  };
  const [alice, bob] = [await open('alice'), await open('bob')];
  await alice.publish('camera', await simulcast());
  const demand = () => notices['track.demand'].map(({ maxSpatialLayer }) => maxSpatialLayer);
  const flow = () => {
    const { spatialLayer, reason } = notices['subscription.layers'].at(-1) ?? {};
    return `${spatialLayer ?? 'nothing'} ${reason ?? ''}`.trim();
  };
  /** Time goes on, since a busy machine looks like a narrow line for a while. */
  const inTime = (holds: () => true | string) =>
    eventually(
      async () => {
        await clock.advance(500);
        return holds();
      },
      { timeoutMs: 20_000 },
    );
  const becomes = (expected: string) => inTime(() => flow() === expected || flow());
  const demands = (expected: number | null) =>
    inTime(() => demand().at(-1) === expected || `told ${JSON.stringify(demand())}`);
  const prefer = (who: TestParticipant, preferences: object) =>
    calls['track.setPreferences']({
      mediaSessionId: who.mediaSessionId,
      preferences: [{ trackId: 'camera', ...preferences }],
    });
  return { node, clock, calls, open, alice, bob, notices, demand, inTime, becomes, demands, prefer };
}

test('[SG42] what does not flow says why: not shown, muted, not sent', async () => {
  const { node, alice, bob, becomes, prefer } = await startCall();
  await bob.subscribe('camera');
  await becomes('2');
  await prefer(bob, { paused: true });
  await becomes('nothing not-shown');
  await prefer(bob, { paused: false });
  await becomes('2');
  node.setMuted('room', 'camera', true);
  await becomes('nothing muted');
  node.setMuted('room', 'camera', false);
  await becomes('2');
  (await alice.transport('send')).close(); // Her line broke: her packets stop, and she has not left.
  await becomes('nothing publisher');
});

test('[SG42] no line is called narrow before there is a path over it', async () => {
  const { calls, clock, bob, notices } = await startCall();
  const { subscriptions } = await calls['track.subscribe']({
    mediaSessionId: bob.mediaSessionId,
    trackIds: ['camera'],
    started: true,
  });
  await clock.advance(10_000);
  await bob.receive(subscriptions[0]!);
  const told = () => notices['subscription.layers'];
  await eventually(() => told().some(({ spatialLayer }) => spatialLayer !== null) || 'nothing flows');
  expect(told().flatMap(({ reason }) => reason ?? [])).toEqual([]);
});

test('[SG52] what does not arrive is stopped, and comes back by itself', async () => {
  const { calls, bob, becomes, notices } = await startCall();
  await bob.subscribe('camera');
  await becomes('2');
  const starved = () =>
    calls['track.starved']({ mediaSessionId: bob.mediaSessionId, trackIds: ['camera', 'of nobody'] });
  await starved();
  await eventually(
    () =>
      notices['subscription.layers'].some(
        ({ spatialLayer, reason }) => spatialLayer === null && reason === 'bandwidth',
      ) || 'nothing was stopped',
  );
  await becomes('2');
});

test('a shared screen begins with its smallest encoding, until its line is known; a large page that is awaited is not lost', async () => {
  const { calls, alice, bob, becomes, notices } = await startCall();
  await alice.publish('screen', await simulcast(), { source: 'screen' });
  await bob.subscribe('screen');
  await becomes('2');
  const flowed = () => notices['subscription.layers'].map(({ spatialLayer }) => spatialLayer);
  expect(flowed().find((layer) => layer !== null)).toBe(0);
  const starved = () => calls['track.starved']({ mediaSessionId: bob.mediaSessionId, trackIds: ['screen'] });
  const told = flowed().length;
  await starved(); // Nothing came of late: it may be that nothing was sent.
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(flowed().slice(told)).not.toContain(null);
  await starved(); // More was sent, and still nothing has come.
  await eventually(() => flowed().slice(told).includes(null) || 'nothing was stopped');
});

test('[SG42] a video of one size too', async () => {
  const { node, alice, bob, becomes } = await startCall();
  await alice.publish('screen', [await plain()]);
  await bob.subscribe('screen');
  node.setMuted('room', 'screen', true);
  await becomes('nothing muted');
});

test('[SG68][MC31] a node that runs out gives up top layers, then what nobody pinned; sound stays, and all comes back', async () => {
  const { node, alice, bob, notices, inTime, prefer, calls, open } = await startCall({
    limits: { consumers: 3 },
  });
  await alice.publish('microphone', [await opus()]);
  const sound = await bob.subscribe('microphone');
  await bob.subscribe('camera');
  const carol = await open('carol');
  await carol.subscribe('camera');
  await prefer(carol, { priority: 255 });
  const flowTo = ({ mediaSessionId }: TestParticipant) => {
    const told = notices['subscription.layers'].filter((notice) => notice.mediaSessionId === mediaSessionId);
    const { spatialLayer, reason } = told.at(-1) ?? {};
    return `${spatialLayer ?? 'nothing'} ${reason ?? ''}`.trim();
  };
  const state = () => [node.degraded, flowTo(bob), flowTo(carol)].join(', ');
  const becomes = (expected: string) => inTime(() => state() === expected || state());
  await becomes('unpinned-video, nothing server, 1 server');
  const heard = sound.statistics.packets;
  await inTime(() => sound.statistics.packets > heard + 20 || 'no sound');
  expect(node.load.use).toMatchObject({ consumers: 1 });

  await calls['track.unsubscribe']({ mediaSessionId: carol.mediaSessionId, trackIds: ['camera'] });
  await calls['track.unsubscribe']({ mediaSessionId: bob.mediaSessionId, trackIds: ['microphone'] });
  await inTime(() => (node.degraded === undefined && flowTo(bob) === '2') || state());
});

test('[SG43] the publisher is told the highest layer that anybody wants, and when nobody wants any', async () => {
  const { clock, calls, bob, demand, demands, open, prefer } = await startCall();
  const carol = await open('carol');
  await bob.subscribe('camera');
  await carol.subscribe('camera');
  await prefer(bob, { maxSpatialLayer: 0 });
  await clock.advance(6_000);
  expect(demand()).not.toContain(0); // Carol still wants more.
  await prefer(carol, { paused: true });
  await demands(0);
  await prefer(carol, { paused: false });
  await demands(2);
  for (const { mediaSessionId } of [bob, carol]) await calls['session.close']({ mediaSessionId });
  await demands(null);
  await (await open('dave')).subscribe('camera');
  await demands(2);
});

test('[MC4] who adopts a session is told how it stands', async () => {
  const { node, calls, alice, bob, becomes, demands, prefer } = await startCall();
  await bob.subscribe('camera');
  await prefer(bob, { maxSpatialLayer: 0 });
  await becomes('0');
  await demands(0);
  const { listener, notices } = new NoticeLog();
  for (const { mediaSessionId } of [alice, bob])
    await callsTo(node, listener)['session.adopt']({ mediaSessionId });
  await eventually(() => notices['track.demand'].length === 1 || 'the demand is not told');
  expect(notices['track.demand'][0]).toMatchObject({ trackId: 'camera', maxSpatialLayer: 0 });
  expect(notices['subscription.layers']).toMatchObject([{ trackId: 'camera', spatialLayer: 0 }]);
  expect(notices['subscription.layers'][0]).not.toHaveProperty('reason');
  await calls['session.close'](bob);
});

test('thousands of changes of mind reach nobody else', async () => {
  const { clock, calls, bob, demand, inTime, open, prefer } = await startCall();
  const mallory = await open('mallory');
  await mallory.subscribe('camera');
  const seen = await bob.subscribe('camera');
  const before = seen.statistics.frames;
  const changes = Array.from({ length: 3_000 }, (_, i) =>
    prefer(mallory, {
      maxSpatialLayer: i % 8,
      maxTemporalLayer: (i * 3) % 8,
      paused: i % 5 === 0,
      priority: (i % 255) + 1,
    }),
  );
  await Promise.all(changes);
  await calls['track.setPreferences']({
    mediaSessionId: mallory.mediaSessionId,
    preferences: [{ trackId: 'of nobody', maxSpatialLayer: 1 }],
  });
  await inTime(() => seen.statistics.frames > before + 20 || `${seen.statistics.frames - before} frames`);
  await clock.advance(6_000);
  expect(demand().length).toBeLessThan(5);
});
