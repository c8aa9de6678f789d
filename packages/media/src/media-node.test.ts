import { silentLogger, sleep } from '@weir/core';
import { prepareMedia, prepareSimulcast, rtpCapabilities } from '@weir/peer';
import { limits, type RtpCapabilities, TransportParameters } from '@weir/protocol';
import { eventually } from '@weir/testing';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { callsTo } from './bound-handlers.ts';
import { MediaNode, type MediaNodeConfig } from './media-node.ts';
import { NoticeLog, TestParticipant, type TestParticipantOptions } from './testing.ts';

const opus = () => prepareMedia({ codec: 'opus', bitrateBps: 32_000, seconds: 2 });
const video = { width: 320, height: 180, fps: 15, bitrateBps: 200_000, seconds: 2, keyFrameEvery: 8 };
const vp8 = () => prepareMedia({ codec: 'VP8', ...video });
const h264 = () => prepareMedia({ codec: 'H264', ...video });
const simulcast = () => prepareSimulcast({ codec: 'VP8', ...video, width: 640, height: 360 });
const media = { opus, vp8, h264, simulcast };

beforeAll(async () => {
  await Promise.all(Object.values(media).map((prepare) => prepare())); // Encoded once, not in a test's time.
}, 60_000);

/** `spread`: each session goes to the idlest worker, so that the second of a room is on another than the first. */
async function startNode(options: Partial<MediaNodeConfig> & { spread?: boolean } = {}) {
  const { spread, ...config } = options;
  const node = await MediaNode.start({
    nodeId: 'node-1',
    workers: 2,
    listen: [{ ip: '127.0.0.1' }],
    firstPort: 0,
    spreadAbove: spread ? 0 : 200,
    logger: silentLogger,
    ...config,
  });
  onTestFinished(async () => node[Symbol.asyncDispose]());
  const log = new NoticeLog();
  const calls = callsTo(node, log.listener);
  const open = async (participantId: string, more: Partial<TestParticipantOptions> = {}) => {
    const participant = await TestParticipant.open(calls, { participantId, ...more });
    onTestFinished(() => participant.close());
    return participant;
  };
  return { node, calls, open, notices: log.notices, workers: () => tallies(node) };
}

async function tallies(node: MediaNode) {
  const { workers } = await callsTo(node, new NoticeLog().listener)['node.describe']({});
  return workers;
}

const total = (workers: Awaited<ReturnType<typeof tallies>>, name: keyof (typeof workers)[number]) =>
  workers.reduce((sum, worker) => sum + worker[name], 0);

/** Waits for `count` more frames. */
async function flows(receiver: { statistics: { frames: number } }, count = 5) {
  const before = receiver.statistics.frames;
  await eventually(
    () => receiver.statistics.frames >= before + count || `${receiver.statistics.frames - before} frames`,
  );
}

/** Nothing comes for a while, after what was under way has come. */
async function isSilent(receiver: { statistics: { packets: number } }, ms = 400) {
  await new Promise((resolve) => setTimeout(resolve, 150));
  const before = receiver.statistics.packets;
  await new Promise((resolve) => setTimeout(resolve, ms));
  return receiver.statistics.packets === before;
}

test('a session has a transport each way, as the protocol has them', async () => {
  const { open } = await startNode({ workers: 1 });
  const alice = await open('alice');
  expect(TransportParameters.parse(alice.media.send)).toEqual(alice.media.send);
  expect(TransportParameters.parse(alice.media.receive)).toEqual(alice.media.receive);
  expect(alice.media.nodeId).toBe('node-1');
  expect(alice.media.send!.iceCandidates.map(({ protocol }) => protocol)).toEqual(['udp', 'tcp']);
});

test('a session gets only the transports that it asks for', async () => {
  const { calls } = await startNode({ workers: 1 });
  const ask = { roomId: 'room', participantId: 'bob', rtpCapabilities: rtpCapabilities() };
  const { media: session } = await calls['session.open']({ ...ask, send: false, receive: true });
  expect(session.send).toBeNull();
  const restart = { mediaSessionId: session.mediaSessionId, direction: 'send' as const };
  await expect(calls['transport.restartIce'](restart)).rejects.toMatchObject({ code: 'wrong-state' });
});

test('audio and video published on one worker are received on another', async () => {
  const { open, workers } = await startNode({ spread: true });
  const alice = await open('alice');
  const bob = await open('bob');
  expect((await workers()).map(({ sessions }) => sessions)).toEqual([1, 1]);
  const microphone = await alice.publish('microphone', [await opus()]);
  const camera = await alice.publish('camera', [await vp8()]);
  expect(microphone.answer).toEqual({ codec: 'audio/opus', spatialLayers: 1 });
  expect(camera.answer).toEqual({ codec: 'video/VP8', spatialLayers: 1 });
  const heard = await bob.subscribe('microphone');
  const seen = await bob.subscribe('camera');
  await Promise.all([flows(heard), flows(seen)]);
  expect(seen.statistics.width).toBe(320);
  expect(total(await workers(), 'pipes')).toBe(2);
});

test('subscribers on another worker share one pipe, which closes with the last of them', async () => {
  const { open, workers, calls } = await startNode({ spread: true });
  const alice = await open('alice');
  await alice.publish('camera', [await vp8()]);
  const others = [await open('bob'), await open('carol'), await open('dave'), await open('erin')];
  const received = await Promise.all(others.map((other) => other.subscribe('camera')));
  await Promise.all(received.map((receiver) => flows(receiver)));
  expect(total(await workers(), 'pipes')).toBe(1);
  expect(total(await workers(), 'consumers')).toBe(4);
  for (const { mediaSessionId } of others.slice(0, 2))
    await calls['track.unsubscribe']({ mediaSessionId, trackIds: ['camera'] });
  for (const { mediaSessionId } of others.slice(2)) await calls['session.close']({ mediaSessionId });
  expect(total(await workers(), 'pipes')).toBe(0);
  expect(total(await workers(), 'consumers')).toBe(0);
  await flows(await others[0]!.subscribe('camera')); // And again, by a new pipe.
});

test('a pipe closes although its last subscriber left before it was laid', async () => {
  const { open, workers, calls } = await startNode({ spread: true });
  const alice = await open('alice');
  const bob = await open('bob');
  await alice.publish('camera', [await vp8()]);
  const subscribe = { mediaSessionId: bob.mediaSessionId, trackIds: ['camera'], started: true };
  for (let round = 0; round < 5; round++) {
    const asked = calls['track.subscribe'](subscribe);
    await calls['track.unsubscribe']({ mediaSessionId: bob.mediaSessionId, trackIds: ['camera'] });
    const { subscriptions, failures } = await asked;
    if (!failures.length)
      await calls['track.unsubscribe']({ mediaSessionId: bob.mediaSessionId, trackIds: ['camera'] });
    expect(subscriptions.length + failures.length).toBe(1);
    expect(total(await workers(), 'pipes')).toBe(0);
  }
  await flows(await bob.subscribe('camera'));
});

test('data tracks are published, subscribed to over a pipe, and closed like the others', async () => {
  const { open, calls, workers, notices } = await startNode({ spread: true });
  const alice = await open('alice');
  const sctpStreamParameters = { streamId: 3, ordered: false, maxRetransmits: 2 };
  const { mediaSessionId } = alice;
  const data = { mediaSessionId, trackId: 'data', epoch: 1, kind: 'data' as const, muted: false };
  await expect(calls['track.publish'](data)).rejects.toMatchObject({ code: 'bad-request' });
  expect(await calls['track.publish']({ ...data, sctpStreamParameters })).toEqual({
    codec: 'data',
    spatialLayers: 1,
  });
  const near = await open('bob', { trackIds: ['data'] });
  const far = await open('carol', { trackIds: ['data'] });
  for (const { subscriptions } of [near, far])
    expect(subscriptions).toMatchObject([
      { kind: 'data', trackId: 'data', sctpStreamParameters: { ordered: false, maxRetransmits: 2 } },
    ]);
  expect(total(await workers(), 'pipes')).toBe(1);
  await calls['track.unpublish']({ mediaSessionId, trackId: 'data' });
  await eventually(() => notices['subscription.closed'].length === 2 || 'not told');
  expect(total(await workers(), 'pipes')).toBe(0);
});

test('subscriptions that come with the session flow without a start', async () => {
  const { open } = await startNode();
  const alice = await open('alice');
  await alice.publish('camera', [await vp8()]);
  const bob = await open('bob', { trackIds: ['camera', 'never-published'] });
  expect(bob.subscriptions).toMatchObject([{ trackId: 'camera', kind: 'video', epoch: 1, started: true }]);
  await flows(await bob.receive(bob.subscriptions[0]!));
});

test('later subscriptions wait for their start', async () => {
  const { open, calls } = await startNode();
  const alice = await open('alice');
  await alice.publish('camera', [await vp8()]);
  const bob = await open('bob');
  const { mediaSessionId } = bob;
  const { subscriptions } = await calls['track.subscribe']({
    mediaSessionId,
    trackIds: ['camera'],
    started: false,
  });
  expect(subscriptions).toMatchObject([{ trackId: 'camera', started: false }]);
  const seen = await bob.receive({ ...subscriptions[0]!, started: true });
  expect(await isSilent(seen)).toBe(true);
  await calls['track.start']({ mediaSessionId, trackIds: ['camera', 'never-published'] });
  await flows(seen);
});

test('subscribing again answers the subscription that lives, started if it was not', async () => {
  const { open, calls, workers } = await startNode();
  const alice = await open('alice');
  await alice.publish('camera', [await vp8()]);
  const { mediaSessionId } = await open('bob');
  const ask = (started: boolean) =>
    calls['track.subscribe']({ mediaSessionId, trackIds: ['camera', 'camera'], started });
  const [first, second] = await Promise.all([ask(false), ask(false)]);
  expect(first.subscriptions).toHaveLength(1);
  expect(second).toEqual(first);
  const third = await ask(true);
  expect(third.subscriptions[0]).toEqual({ ...first.subscriptions[0], started: true });
  expect(total(await workers(), 'consumers')).toBe(1);
});

test('each track that cannot be subscribed to fails by itself', async () => {
  const { open, calls } = await startNode({ spread: true });
  const alice = await open('alice');
  await alice.publish('h264', [await h264()]);
  await alice.publish('vp8', [await vp8()]);
  const withoutH264: RtpCapabilities = {
    ...rtpCapabilities(),
    codecs: rtpCapabilities().codecs!.filter(({ mimeType }) => mimeType !== 'video/H264'),
  };
  const { mediaSessionId } = await open('bob', { rtpCapabilities: withoutH264 });
  const result = await calls['track.subscribe']({
    mediaSessionId,
    trackIds: ['h264', 'vp8', 'none'],
    started: false,
  });
  expect(result.subscriptions.map(({ trackId }) => trackId)).toEqual(['vp8']);
  expect(result.failures).toMatchObject([
    { trackId: 'h264', code: 'codec-unsupported' },
    { trackId: 'none', code: 'track-not-found' },
  ]);
});

test('producing a track anew closes what hung on the earlier production, and tells', async () => {
  const { open, notices, workers } = await startNode({ spread: true });
  const alice = await open('alice');
  const bob = await open('bob');
  const first = await alice.publish('camera', [await vp8()]);
  await flows(await bob.subscribe('camera'));
  first.close();
  await alice.publish('camera', [await h264()], { epoch: 2 });
  await eventually(() => notices['subscription.closed'].length === 1 || 'not told');
  expect(notices['subscription.closed']).toMatchObject([
    { mediaSessionId: bob.mediaSessionId, trackId: 'camera' },
  ]);
  expect(total(await workers(), 'consumers')).toBe(0);
  expect(total(await workers(), 'producers')).toBe(1);
  await flows(await bob.subscribe('camera'));
  await expect(alice.publish('camera', [await vp8()], { epoch: 1 })).rejects.toMatchObject({
    code: 'conflict',
  });
});

test('a track belongs to one participant, and a participant has only so many', async () => {
  const { open, calls } = await startNode();
  const alice = await open('alice');
  const bob = await open('bob');
  await alice.publish('track-0', [await opus()]);
  await expect(bob.publish('track-0', [await opus()])).rejects.toMatchObject({ code: 'conflict' });
  for (let i = 1; i < 16; i++) await alice.publish(`track-${i}`, [await opus()]);
  await expect(alice.publish('track-16', [await opus()])).rejects.toMatchObject({ code: 'limit-reached' });
  await calls['track.unpublish']({ mediaSessionId: alice.mediaSessionId, trackId: 'track-3' });
  await alice.publish('track-16', [await opus()]);
});

test('what the engine cannot take is refused with a code of ours', async () => {
  const { open, calls } = await startNode();
  const alice = await open('alice');
  const { rtpParameters } = (await alice.transport('send')).addSendTrack({ layers: [await vp8()] });
  const { mediaSessionId } = alice;
  const publish = (kind: 'audio' | 'video', parameters: typeof rtpParameters) =>
    calls['track.publish']({
      mediaSessionId,
      trackId: 'camera',
      epoch: 1,
      kind,
      muted: false,
      rtpParameters: parameters,
    });
  const [codec] = rtpParameters.codecs;
  await expect(publish('audio', rtpParameters)).rejects.toMatchObject({ code: 'bad-request' });
  await expect(
    publish('video', { ...rtpParameters, codecs: [{ ...codec!, mimeType: 'video/H265' }] }),
  ).rejects.toMatchObject({ code: 'codec-unsupported' });
  await expect(
    publish('video', { ...rtpParameters, encodings: Array.from({ length: 5 }, (_, i) => ({ ssrc: i + 1 })) }),
  ).rejects.toMatchObject({ code: 'limit-reached' });
  await expect(publish('video', { ...rtpParameters, encodings: [{}, {}] })).rejects.toMatchObject({
    code: 'bad-request',
  });
  await publish('video', rtpParameters); // None of it left anything behind.
  await publish('video', rtpParameters); // Again on the same transport, with the same mid and SSRC.
});

test('a muted track sends nothing to anybody until it is unmuted', async () => {
  const { node, open } = await startNode({ spread: true });
  const alice = await open('alice');
  await alice.publish('microphone', [await opus()], { muted: true });
  const near = await (await open('bob')).subscribe('microphone');
  const far = await (await open('carol')).subscribe('microphone');
  expect(await isSilent(near)).toBe(true);
  node.setMuted('room', 'microphone', false);
  await Promise.all([flows(near), flows(far)]);
  node.setMuted('room', 'microphone', true);
  expect(await isSilent(near)).toBe(true);
  expect(await isSilent(far)).toBe(true);
  for (const muted of [false, true, false]) node.setMuted('room', 'microphone', muted);
  await Promise.all([flows(near), flows(far)]);
});

test('layers follow the preferences and each change is told', async () => {
  const { open, calls, notices } = await startNode({ spread: true });
  const alice = await open('alice');
  const { answer } = await alice.publish('camera', await simulcast());
  expect(answer).toEqual({ codec: 'video/VP8', spatialLayers: 3 });
  const bob = await open('bob');
  const seen = await bob.subscribe('camera');
  const prefer = (preferences: object) =>
    calls['track.setPreferences']({
      mediaSessionId: bob.mediaSessionId,
      preferences: [
        { trackId: 'camera', ...preferences },
        { trackId: 'never-published', paused: true },
      ],
    });
  const layer = (spatialLayer: number) =>
    eventually(
      () =>
        notices['subscription.layers'].at(-1)?.spatialLayer === spatialLayer ||
        JSON.stringify(notices['subscription.layers'].at(-1)),
      { timeoutMs: 8_000 },
    );
  await prefer({ maxSpatialLayer: 0, priority: 200 });
  await layer(0);
  await eventually(() => seen.statistics.width === 160 || `${seen.statistics.width} wide`);
  await prefer({ maxSpatialLayer: 7 });
  await layer(2);
  await eventually(() => seen.statistics.width === 640 || `${seen.statistics.width} wide`);
  await prefer({ paused: true });
  expect(await isSilent(seen)).toBe(true);
  await prefer({ paused: false });
  await flows(seen);
  expect(notices['subscription.layers'].at(-1)).toMatchObject({
    mediaSessionId: bob.mediaSessionId,
    trackId: 'camera',
  });
});

test('connectivity is told to whoever opened or adopted the session', async () => {
  const { node, open, notices } = await startNode();
  const alice = await open('alice');
  await alice.transport('send');
  const { mediaSessionId } = alice;
  await eventually(() => notices['session.connectivity'].length > 0 || 'not told');
  expect(notices['session.connectivity']).toEqual([
    { mediaSessionId, direction: 'send', transportId: alice.media.send!.id, state: 'connected' },
  ]);
  const other = new NoticeLog();
  const calls = callsTo(node, other.listener);
  expect(await calls['session.adopt']({ mediaSessionId })).toEqual({
    alive: true,
    send: true,
    receive: true,
  });
  expect(await calls['session.adopt']({ mediaSessionId: 'ms_none' })).toMatchObject({ alive: false });
  await eventually(() => other.notices['session.connectivity'].length === 2 || 'not told');
  expect(notices['session.connectivity']).toHaveLength(1);
});

test('connecting twice is harmless, with another certificate it is refused', async () => {
  const { open, calls } = await startNode();
  const alice = await open('alice');
  const { dtlsParameters } = await alice.transport('send');
  const connect = { mediaSessionId: alice.mediaSessionId, direction: 'send' as const };
  await calls['transport.connect']({ ...connect, dtlsParameters });
  const other = dtlsParameters.fingerprints.map((print) => ({
    ...print,
    value: print.value.replace(/^../, '00'),
  }));
  await expect(
    calls['transport.connect']({ ...connect, dtlsParameters: { ...dtlsParameters, fingerprints: other } }),
  ).rejects.toMatchObject({ code: 'wrong-state' });
  const { iceParameters } = await calls['transport.restartIce'](connect);
  expect(iceParameters.usernameFragment).not.toBe(alice.media.send!.iceParameters.usernameFragment);
});

test('a certificate that does not match ends the session as lost', async () => {
  const { open, calls, notices } = await startNode();
  const alice = await open('alice');
  const mallory = await open('mallory');
  const { dtlsParameters } = await mallory.transport('send');
  await calls['transport.connect']({
    mediaSessionId: alice.mediaSessionId,
    direction: 'send',
    dtlsParameters,
  });
  const { PeerTransport } = await import('@weir/peer');
  const peer = new PeerTransport({ parameters: alice.media.send!, direction: 'send' });
  onTestFinished(() => peer.close());
  peer.connect().catch(() => {});
  await eventually(() => notices['session.lost'].length === 1 || 'not told');
  expect(notices['session.connectivity']).toContainEqual({
    mediaSessionId: alice.mediaSessionId,
    direction: 'send',
    transportId: alice.media.send!.id,
    state: 'failed',
  });
  expect(notices['session.lost'][0]).toMatchObject({ participantId: 'alice', roomId: 'room' });
});

test('a new session of a participant closes the earlier one', async () => {
  const { open, calls, notices, workers } = await startNode();
  const alice = await open('alice');
  const bob = await open('bob');
  await alice.publish('camera', [await vp8()]);
  await bob.subscribe('camera');
  await open('alice');
  await eventually(() => notices['subscription.closed'].length === 1 || 'not told');
  expect(total(await workers(), 'sessions')).toBe(2);
  expect(total(await workers(), 'producers')).toBe(0);
  expect(await calls['session.adopt']({ mediaSessionId: alice.mediaSessionId })).toMatchObject({
    alive: false,
  });
  expect(notices['session.lost']).toEqual([]);
});

test('the speakers of all workers are told to each listener of the room, silence too', async () => {
  const { open, notices } = await startNode({ spread: true });
  const alice = await open('alice');
  const bob = await open('bob');
  await open('eve', { roomId: 'another-room' });
  const quiet = await alice.publish('quiet', [await opus()], { audioLevelDbov: -50 });
  const loud = await bob.publish('loud', [await opus()], { audioLevelDbov: -20 });
  const last = () => notices['room.speakers'].at(-1);
  await eventually(
    () =>
      last()
        ?.speakers.map(({ trackId }) => trackId)
        .join() === 'loud,quiet' || JSON.stringify(last()),
  );
  expect(last()).toMatchObject({
    roomId: 'room',
    speakers: [
      { trackId: 'loud', participantId: 'bob' },
      { trackId: 'quiet', participantId: 'alice' },
    ],
  });
  quiet.setMuted(true);
  loud.setMuted(true);
  await eventually(() => last()?.speakers.length === 0 || JSON.stringify(last()));
  expect(new Set(notices['room.speakers'].map(({ roomId }) => roomId))).toEqual(new Set(['room']));
});

test('a worker that dies loses its sessions at once; the others and new ones go on', async () => {
  const { open, calls, notices, workers } = await startNode({ spread: true });
  const alice = await open('alice');
  const bob = await open('bob');
  await alice.publish('of-alice', [await vp8()]);
  await bob.publish('of-bob', [await vp8()]);
  await bob.subscribe('of-alice');
  const [first] = await workers();
  process.kill(first!.pid, 'SIGKILL');
  await eventually(() => notices['session.lost'].length > 0 || 'not told');
  expect(notices['session.lost']).toMatchObject([
    { mediaSessionId: alice.mediaSessionId, participantId: 'alice', roomId: 'room' },
  ]);
  await eventually(
    () => notices['subscription.closed'].length === 1 || 'the subscription of bob still stands',
  );
  expect(await workers()).toMatchObject([{ sessions: 1, producers: 1, consumers: 0, pipes: 0 }]);
  const { mediaSessionId } = alice;
  await expect(calls['transport.restartIce']({ mediaSessionId, direction: 'send' })).rejects.toMatchObject({
    code: 'media-lost',
  });
  await eventually(async () => (await workers()).length === 2 || 'no new worker');
  const again = await open('alice');
  await again.publish('of-alice', [await vp8()], { epoch: 2 });
  await flows(await bob.subscribe('of-alice'));
  await flows(await again.subscribe('of-bob'));
});

test('requests that a dying worker has under way end with media-lost', async () => {
  const { calls, workers } = await startNode({ workers: 1 });
  const [worker] = await workers();
  process.kill(worker!.pid, 'SIGSTOP'); // So that nothing is answered before it dies.
  const opening = calls['session.open']({
    roomId: 'room',
    participantId: 'alice',
    rtpCapabilities: rtpCapabilities(),
    send: true,
    receive: true,
  });
  process.kill(worker!.pid, 'SIGKILL');
  await expect(opening).rejects.toMatchObject({ code: 'media-lost' });
  await eventually(async () => (await workers())[0]?.sessions === 0 || 'something is left');
});

test('participants and rooms are closed from outside, and nothing is left', async () => {
  const { node, open, workers, notices } = await startNode({ spread: true });
  const closed: string[] = [];
  node.events.on('roomClosed', (roomId) => closed.push(roomId));
  const alice = await open('alice');
  const bob = await open('bob');
  await alice.publish('camera', [await vp8()]);
  await bob.subscribe('camera');
  node.closeParticipant('room', 'alice');
  await eventually(() => notices['subscription.closed'].length === 1 || 'not told');
  expect(node.participants('room')).toEqual(['bob']);
  node.closeRoom('room');
  expect(closed).toEqual(['room']);
  await eventually(async () => {
    const left = await workers();
    return (['sessions', 'routers', 'producers', 'consumers', 'pipes'] as const).every(
      (name) => total(left, name) === 0,
    );
  });
});

test('a hundred subscriptions across workers come in one batch, fast', async () => {
  const { open, calls } = await startNode({ spread: true });
  const publishers: TestParticipant[] = [];
  const trackIds: string[] = [];
  const file = await opus();
  for (let i = 0; i < 10; i++) publishers.push(await open(`publisher-${i}`));
  for (const [p, publisher] of publishers.entries())
    for (let t = 0; t < 10; t++) {
      const { kind, rtpParameters } = (await publisher.transport('send')).addSendTrack({ layers: [file] });
      const trackId = `track-${p}-${t}`;
      const { mediaSessionId } = publisher;
      await calls['track.publish']({ mediaSessionId, trackId, epoch: 1, kind, muted: false, rtpParameters });
      trackIds.push(trackId);
    }
  const times: number[] = [];
  for (const name of ['first', 'second', 'third']) {
    const { mediaSessionId } = await open(name);
    const before = performance.now();
    const { subscriptions } = await calls['track.subscribe']({ mediaSessionId, trackIds, started: false });
    times.push(Math.round(performance.now() - before));
    expect(subscriptions.map(({ trackId }) => trackId)).toEqual(trackIds);
  }
  console.info(`100 subscriptions in one batch: ${times.join(', ')} ms (the first ones lay 50 pipes)`);
  expect(Math.min(...times)).toBeLessThan(500);
  const tooMany = Array.from({ length: 501 }, (_, i) => `track-${i}`);
  const { mediaSessionId } = publishers[0]!;
  await expect(
    calls['track.subscribe']({ mediaSessionId, trackIds: tooMany, started: false }),
  ).rejects.toMatchObject({ code: 'limit-reached' });
});

test('sessions that come and go leave nothing behind', async () => {
  const { node, open, workers } = await startNode({ spread: true });
  const alice = await open('alice');
  await alice.publish('camera', [await vp8()]);
  for (let round = 0; round < 20; round++) {
    const guests = await Promise.all(
      ['bob', 'carol', 'dave'].map((name) => open(name, { trackIds: ['camera'] })),
    );
    expect(guests.every(({ subscriptions }) => subscriptions.length === 1)).toBe(true);
    for (const { participantId } of guests) node.closeParticipant('room', participantId);
  }
  await eventually(async () => {
    const left = await workers();
    const counts = (['sessions', 'consumers', 'pipes', 'routers'] as const).map((name) => total(left, name));
    return counts.join() === '1,0,0,1' || counts.join();
  });
  expect(node.load).toMatchObject({ sessions: 1, streams: 2 });
});

test('a stopped node answers nothing and leaves no process', async () => {
  const { node, calls, workers } = await startNode({ workers: 1 });
  const [worker] = await workers();
  await node[Symbol.asyncDispose]();
  await expect(calls['node.describe']({})).rejects.toMatchObject({ code: 'going-away' });
  expect(() => process.kill(worker!.pid, 0)).toThrow();
});

test('[SG45][MC11] a session receives over several transports, of which it has a bounded number', async () => {
  const { open, calls } = await startNode({ workers: 1 });
  const alice = await open('alice');
  await alice.publish('camera-1', [await vp8()]);
  await alice.publish('camera-2', [await vp8()]);
  const bob = await open('bob');
  const { mediaSessionId } = bob;
  const { transport } = await calls['transport.open']({ mediaSessionId });
  const first = await bob.subscribe('camera-1');
  const second = await bob.subscribe('camera-2', transport);
  await Promise.all([flows(first), flows(second)]);
  for (let i = 2; i < limits.receiveTransports; i++) await calls['transport.open']({ mediaSessionId });
  await expect(calls['transport.open']({ mediaSessionId })).rejects.toMatchObject({ code: 'limit-reached' });
});

test('[SG69][MC32] a session sends over another transport, and what went over the one before goes on until it is given up', async () => {
  const { open, calls, notices } = await startNode({ workers: 1 });
  const alice = await open('alice');
  await alice.publish('camera', [await vp8()]);
  const [bob, carol] = [await open('bob'), await open('carol')];
  const { mediaSessionId } = alice;
  const before = await bob.subscribe('camera');
  await flows(before);
  const { transport, direction } = await calls['transport.open']({ mediaSessionId, direction: 'send' });
  expect(direction).toBe('send');
  const oneTooMany = calls['transport.open']({ mediaSessionId, direction: 'send' });
  await expect(oneTooMany).rejects.toMatchObject({ code: 'limit-reached' });
  await alice.publish('camera', [await vp8()], { epoch: 2, over: transport });
  await flows(await carol.subscribe('camera'));
  await flows(before); // The earlier production.
  const ended = notices['subscription.closed'];
  expect(ended).toEqual([]);
  await calls['transport.close']({ mediaSessionId, transportId: alice.media.send!.id });
  await eventually(() => ended.length === 1 || 'the earlier production goes on');
  const [again] = (
    await calls['track.subscribe']({
      mediaSessionId: bob.mediaSessionId,
      trackIds: ['camera'],
      started: false,
    })
  ).subscriptions;
  expect(again).toMatchObject({ epoch: 2 });
  await flows(await bob.receive(again!));
  // What names none goes over the one that is left.
  await expect(calls['transport.restartIce']({ mediaSessionId, direction: 'send' })).resolves.toBeDefined();
});

test('[SG43][MC32] that nobody wants the earlier production any more is not told of the track', async () => {
  const { open, calls, notices } = await startNode({ workers: 1 });
  const [alice, bob, carol] = [await open('alice'), await open('bob'), await open('carol')];
  const { mediaSessionId } = alice;
  await alice.publish('camera', [await vp8()]);
  await flows(await bob.subscribe('camera'));
  const { transport } = await calls['transport.open']({ mediaSessionId, direction: 'send' });
  await alice.publish('camera', [await vp8()], { epoch: 2, over: transport });
  await flows(await carol.subscribe('camera'));
  const told = () => notices['track.demand'].filter(({ trackId }) => trackId === 'camera');
  await calls['track.unsubscribe']({ mediaSessionId: bob.mediaSessionId, trackIds: ['camera'] });
  await sleep(5_500); // Less is told when it has stayed so for five seconds.
  expect(told()).toEqual([]);
});

test("[SG45][MC11] another's transport, or one for the other direction, is not there", async () => {
  const { open, calls } = await startNode({ workers: 1 });
  const [alice, mallory] = [await open('alice'), await open('mallory')];
  await alice.publish('camera', [await vp8()]);
  const { dtlsParameters } = await mallory.transport('send');
  const { mediaSessionId } = mallory;
  const notThere = { code: 'transport-not-found' };
  const only = { mediaSessionId, transportId: mallory.media.send!.id };
  await expect(calls['transport.close'](only)).rejects.toMatchObject({ code: 'wrong-state' });
  for (const transportId of [alice.media.receive!.id, mallory.media.send!.id, 'x']) {
    const direction = 'receive' as const;
    const target = { mediaSessionId, direction, transportId };
    await expect(calls['transport.connect']({ ...target, dtlsParameters })).rejects.toMatchObject(notThere);
    await expect(calls['transport.restartIce'](target)).rejects.toMatchObject(notThere);
    if (transportId !== only.transportId)
      await expect(calls['transport.close']({ mediaSessionId, transportId })).rejects.toMatchObject(notThere);
    const subscribe = { mediaSessionId, transportId, trackIds: ['camera'], started: true };
    await expect(calls['track.subscribe'](subscribe)).rejects.toMatchObject(notThere);
  }
  await flows(await mallory.subscribe('camera')); // Its own work as before.
});

test('[SG46] a transport that was given up takes its subscriptions with it, and only those', async () => {
  const { open, calls, notices, workers } = await startNode({ workers: 1 });
  const alice = await open('alice');
  await alice.publish('camera-1', [await vp8()]);
  await alice.publish('camera-2', [await vp8()]);
  const bob = await open('bob');
  const { mediaSessionId } = bob;
  const { transport } = await calls['transport.open']({ mediaSessionId });
  const first = await bob.subscribe('camera-1');
  await flows(await bob.subscribe('camera-2', transport));
  await calls['transport.close']({ mediaSessionId, transportId: transport.id });
  expect(total(await workers(), 'consumers')).toBe(1);
  await flows(first);
  await flows(await bob.subscribe('camera-2')); // Over the first transport now.
  expect(notices['subscription.closed']).toEqual([]);
});

test('[SG46] subscribing over another transport moves a subscription', async () => {
  const { open, calls, notices, workers } = await startNode({ workers: 1 });
  const alice = await open('alice');
  await alice.publish('camera', [await vp8()]);
  const bob = await open('bob');
  const { transport } = await calls['transport.open']({ mediaSessionId: bob.mediaSessionId });
  await flows(await bob.subscribe('camera'));
  await flows(await bob.subscribe('camera', transport));
  expect(total(await workers(), 'consumers')).toBe(1);
  expect(notices['subscription.closed']).toEqual([]);
});

test('[SG46] a later transport whose DTLS fails ends its own subscriptions, not the session', async () => {
  const { open, calls, notices } = await startNode({ workers: 1 });
  const alice = await open('alice');
  await alice.publish('camera-1', [await vp8()]);
  await alice.publish('camera-2', [await vp8()]);
  const bob = await open('bob');
  const { mediaSessionId } = bob;
  const first = await bob.subscribe('camera-1');
  const { transport } = await calls['transport.open']({ mediaSessionId });
  const transportId = transport.id;
  await calls['track.subscribe']({ mediaSessionId, transportId, trackIds: ['camera-2'], started: true });
  const { dtlsParameters } = await alice.transport('send');
  await calls['transport.connect']({ mediaSessionId, direction: 'receive', transportId, dtlsParameters });
  const { PeerTransport } = await import('@weir/peer');
  const peer = new PeerTransport({ parameters: transport, direction: 'receive' }); // With another certificate.
  onTestFinished(() => peer.close());
  peer.connect().catch(() => {});
  await eventually(() => notices['subscription.closed'].length > 0 || 'not told');
  expect(notices['subscription.closed']).toMatchObject([{ mediaSessionId, trackId: 'camera-2' }]);
  expect(notices['session.lost']).toEqual([]);
  await flows(first);
});
