import { sleep } from '@weir/core';
import { numberedSound, prepareMedia, prepareSimulcast } from '@weir/peer';
import { eventually } from '@weir/testing';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { LinkedNodes } from './linked-nodes.ts';
import { LossyLine } from './lossy-line.fixture.ts';

const video = { width: 320, height: 180, fps: 15, bitrateBps: 200_000, seconds: 2, keyFrameEvery: 8 };
const opus = () => prepareMedia({ codec: 'opus', bitrateBps: 32_000, seconds: 2 });
const vp8 = () => prepareMedia({ codec: 'VP8', ...video });
const simulcast = () => prepareSimulcast({ codec: 'VP8', ...video, width: 640, height: 360 });

beforeAll(async () => {
  await Promise.all([opus(), vp8(), simulcast()]); // Encoded once, not in a test's time.
}, 60_000);

function linkedNodes(): LinkedNodes {
  const nodes = new LinkedNodes();
  onTestFinished(() => nodes[Symbol.asyncDispose]());
  return nodes;
}

async function flows(receiver: { statistics: { frames: number } }, count = 5) {
  const before = receiver.statistics.frames;
  await eventually(
    () => receiver.statistics.frames >= before + count || `${receiver.statistics.frames - before} frames`,
  );
}

async function stops(receiver: { statistics: { packets: number } }) {
  let before = -1;
  await eventually(
    () => {
      const stopped = receiver.statistics.packets === before;
      before = receiver.statistics.packets;
      return stopped || 'still flowing';
    },
    { intervalMs: 300 },
  );
}

test('[MC13] a track of another node comes by one pipe for all, which goes after the last of them', async () => {
  const nodes = linkedNodes();
  const origin = await nodes.start('origin');
  const edge = await nodes.start('edge', { workers: 2, spreadAbove: 0 });
  nodes.tell('camera', 'origin');
  nodes.tell('microphone', 'origin', 'microphone');
  const alice = await origin.open('alice');
  await alice.publish('camera', [await vp8()]);
  await alice.publish('microphone', [await opus()], { source: 'microphone' });
  const viewers = await Promise.all(['bob', 'carol', 'dave'].map((name) => edge.open(name)));
  const seen = await Promise.all(viewers.map((viewer) => viewer.subscribe('camera')));
  const heard = await viewers[0]!.subscribe('microphone');
  await Promise.all([...seen, heard].map((receiver) => flows(receiver)));
  expect(await nodes.paths()).toEqual(['camera: origin > edge', 'microphone: origin > edge']);
  for (const { mediaSessionId } of viewers.slice(0, 2))
    await edge.calls['track.unsubscribe']({ mediaSessionId, trackIds: ['camera', 'microphone'] });
  await flows(seen[2]!);
  await eventually(async () => (await nodes.paths()).length === 1 || `${await nodes.paths()}`);
  await edge.calls['session.close']({ mediaSessionId: viewers[2]!.mediaSessionId });
  await eventually(async () => (await nodes.paths()).length === 0 || `${await nodes.paths()}`);
  await flows(await viewers[1]!.subscribe('camera')); // And again.
});

test('[MC13] the worker by which a track came stays for the others when its first subscriber goes', async () => {
  const nodes = linkedNodes();
  const origin = await nodes.start('origin');
  const edge = await nodes.start('edge', { workers: 2, spreadAbove: 0 });
  nodes.tell('camera', 'origin');
  await (await origin.open('alice')).publish('camera', [await vp8()]);
  const bob = await edge.open('bob');
  const carol = await edge.open('carol');
  await flows(await bob.subscribe('camera'));
  const seen = await carol.subscribe('camera');
  await flows(seen);
  await edge.calls['session.close']({ mediaSessionId: bob.mediaSessionId });
  await flows(seen, 15);
  expect(edge.notices['subscription.closed']).toEqual([]);
});

test('[MC13] what a pipe loses is sent again, and nobody on the way can read it', async () => {
  const nodes = linkedNodes();
  const line = await LossyLine.open(0.1);
  onTestFinished(() => line[Symbol.asyncDispose]());
  nodes.line = line;
  const origin = await nodes.start('origin');
  const edge = await nodes.start('edge');
  nodes.tell('camera', 'origin');
  await (await origin.open('alice')).publish('camera', [await vp8()]);
  const seen = await (await edge.open('bob')).subscribe('camera');
  await eventually(() => line.dropped >= 20 || `${line.dropped} dropped`, { timeoutMs: 15_000 });
  await eventually(() => seen.statistics.lost <= 1 || `${seen.statistics.lost} lost for good`);
  await flows(seen);
  const key = Buffer.from([0x9d, 0x01, 0x2a]); // In each key frame's first packet (RFC 6386 §9.1).
  expect(line.towardsEdge.length).toBeGreaterThan(50);
  expect(line.towardsEdge.filter((packet) => packet.includes(key))).toEqual([]);
});

test('data of another node arrives', async () => {
  const nodes = linkedNodes();
  const origin = await nodes.start('origin');
  const edge = await nodes.start('edge');
  nodes.tell('vitals', 'origin', 'data');
  const alice = await origin.open('alice');
  const sctpStreamParameters = { streamId: 3, ordered: false, maxRetransmits: 2 };
  await origin.calls['track.publish']({
    mediaSessionId: alice.mediaSessionId,
    trackId: 'vitals',
    epoch: 1,
    kind: 'data',
    muted: false,
    sctpStreamParameters,
  });
  const bob = await edge.open('bob');
  const { subscriptions, failures } = await edge.calls['track.subscribe']({
    mediaSessionId: bob.mediaSessionId,
    trackIds: ['vitals'],
    started: true,
  });
  expect(failures).toEqual([]);
  expect(subscriptions[0]).toMatchObject({ kind: 'data', trackId: 'vitals' });
});

test('[MC14] a node feeds so many edges; the next hang under them, and another region gets one copy', async () => {
  const nodes = linkedNodes();
  const origin = await nodes.start('origin', { fanOut: 2 });
  nodes.tell('camera', 'origin');
  await (await origin.open('alice')).publish('camera', [await vp8()]);
  const watch = async (nodeId: string, region: string) => {
    const edge = await nodes.start(nodeId, { region, fanOut: 2 });
    await flows(await (await edge.open(`at-${nodeId}`)).subscribe('camera'));
    return edge;
  };
  await watch('eu-1', 'eu');
  await watch('us-1', 'us');
  await watch('eu-2', 'eu');
  await watch('us-2', 'us');
  expect(await nodes.paths()).toEqual([
    'camera: eu-1 > eu-2',
    'camera: origin > eu-1',
    'camera: origin > us-1',
    'camera: us-1 > us-2',
  ]);
});

test('[MC14] a node whose own people have left goes on giving to others what they watch', async () => {
  const nodes = linkedNodes();
  const origin = await nodes.start('origin', { fanOut: 1 });
  nodes.tell('camera', 'origin');
  await (await origin.open('alice')).publish('camera', [await vp8()]);
  const [a, b] = [await nodes.start('a', { fanOut: 1 }), await nodes.start('b', { fanOut: 1 })];
  const [bob, carol] = [await a.open('bob'), await b.open('carol')];
  await flows(await bob.subscribe('camera'));
  const seen = await carol.subscribe('camera');
  await flows(seen);
  await a.calls['session.close']({ mediaSessionId: bob.mediaSessionId });
  await flows(seen, 10);
  expect(b.notices['subscription.closed']).toEqual([]);
  expect(await nodes.paths()).toEqual(['camera: a > b', 'camera: origin > a']);
  await b.calls['session.close']({ mediaSessionId: carol.mediaSessionId });
  await eventually(async () => (await nodes.paths()).length === 0 || `${await nodes.paths()}`);
  await eventually(() => a.node.load.streams === 0 || `${a.node.load.streams} streams`);
});

test('[MC14] when a node in the middle dies, what hung under it hangs elsewhere', async () => {
  const nodes = linkedNodes();
  const origin = await nodes.start('origin', { fanOut: 1 });
  nodes.tell('camera', 'origin');
  await (await origin.open('alice')).publish('camera', [await vp8()]);
  const edges = [];
  for (const nodeId of ['a', 'b', 'c']) {
    const edge = await nodes.start(nodeId, { fanOut: 1 });
    const viewer = await edge.open(`at-${nodeId}`);
    await flows(await viewer.subscribe('camera'));
    edges.push({ ...edge, viewer });
  }
  expect(await nodes.paths()).toEqual(['camera: a > b', 'camera: b > c', 'camera: origin > a']);
  await edges[0]!.node[Symbol.asyncDispose]();
  for (const { notices, viewer } of edges.slice(1)) {
    await eventually(() => notices['subscription.closed'].length === 1 || 'not told');
    await flows(await viewer.subscribe('camera'));
  }
  expect((await nodes.paths()).length).toBe(2);
});

test('[MC15] a connection that breaks between two nodes that live stops nothing', async () => {
  const nodes = linkedNodes();
  const origin = await nodes.start('origin');
  const edge = await nodes.start('edge');
  nodes.tell('camera', 'origin');
  const alice = await origin.open('alice');
  await alice.publish('camera', [await vp8()]);
  const bob = await edge.open('bob');
  const seen = await bob.subscribe('camera');
  await flows(seen);
  nodes.breakConnection('edge', 'origin');
  await flows(seen, 10);
  expect(edge.notices['subscription.closed']).toEqual([]);
  await origin.calls['track.unpublish']({ mediaSessionId: alice.mediaSessionId, trackId: 'camera' });
  await eventually(() => edge.notices['subscription.closed'].length === 1 || 'its end was not told');
});

test('[MC16] a mute, the end and a new production of a track reach the edge', async () => {
  const nodes = linkedNodes();
  const origin = await nodes.start('origin');
  const edge = await nodes.start('edge');
  nodes.tell('camera', 'origin');
  const alice = await origin.open('alice');
  await alice.publish('camera', [await vp8()]);
  const bob = await edge.open('bob');
  const seen = await bob.subscribe('camera');
  await flows(seen);
  origin.node.setMuted('room', 'camera', true);
  await stops(seen);
  origin.node.setMuted('room', 'camera', false);
  await flows(seen);
  await alice.publish('camera', [await vp8()], { epoch: 2 });
  await eventually(() => edge.notices['subscription.closed'].length === 1 || 'not told');
  await flows(await bob.subscribe('camera'));
  expect(edge.node.epoch('room', 'camera')).toBe(2);
  edge.node.outdate('room', 'camera', 3); // The log says that it was produced anew, on a node that is out of reach.
  expect(edge.node.epoch('room', 'camera')).toBeUndefined();
});

test('[SG58][MC19][MC20] a track that comes from another node by now flows from both until it was changed over', async () => {
  const nodes = linkedNodes();
  const [origin, other, edge] = await Promise.all(
    ['origin', 'other', 'edge'].map((name) => nodes.start(name)),
  );
  nodes.tell('camera', 'origin');
  await (await origin!.open('alice')).publish('camera', [await vp8()]);
  const bob = await edge!.open('bob');
  const before = await bob.subscribe('camera');
  await flows(before);
  await (await other!.open('alice')).publish('camera', [await vp8()], { epoch: 2 });
  nodes.tell('camera', 'other');
  for (const { node } of [origin!, edge!]) node.outdate('room', 'camera', 2); // As the log says it to all.
  const { mediaSessionId } = bob;
  const asked = { mediaSessionId, trackIds: ['camera'], started: false, epochs: { camera: 2 } };
  const { subscriptions } = await edge!.calls['track.subscribe'](asked);
  expect(subscriptions).toMatchObject([{ epoch: 2 }]);
  const after = await bob.receive(subscriptions[0]!);
  await Promise.all([flows(before), flows(after)]);
  edge!.node.setMuted('room', 'camera', true); // Whoever is muted is so in every production.
  await Promise.all([stops(before), stops(after)]);
  edge!.node.setMuted('room', 'camera', false);
  origin!.node.departParticipant('room', 'alice');
  await flows(after);
  await eventually(
    () => edge!.notices['subscription.closed'].length === 1 || 'the end of the earlier one is not told',
    {
      timeoutMs: 10_000,
    },
  );
  expect(edge!.notices['subscription.closed'][0]!.subscriptionId).not.toBe(subscriptions[0]!.subscriptionId);
  expect(await nodes.paths()).toEqual(['camera: other > edge']);
  await flows(after);
});

test('[MC17] the publisher sends what anybody on any node wants, and nothing crosses for nobody', async () => {
  const nodes = linkedNodes();
  const origin = await nodes.start('origin');
  const edge = await nodes.start('edge');
  nodes.tell('camera', 'origin');
  const alice = await origin.open('alice');
  await alice.publish('camera', await simulcast());
  const bob = await edge.open('bob');
  const seen = await bob.subscribe('camera');
  await flows(seen);
  const told = () => origin.notices['track.demand'].at(-1)?.maxSpatialLayer;
  const prefer = (wanted: { paused?: boolean; maxSpatialLayer?: number }) =>
    edge.calls['track.setPreferences']({
      mediaSessionId: bob.mediaSessionId,
      preferences: [{ trackId: 'camera', ...wanted }],
    });
  const slow = { timeoutMs: 20_000 }; // Less is told when it has stayed so for a while, on each node.
  await prefer({ maxSpatialLayer: 0 });
  await eventually(() => told() === 0 || `told ${told()}`, slow);
  await prefer({ paused: true });
  let crossed = -1;
  await eventually(
    async () => {
      const before = crossed;
      crossed = (await nodes.pipes()).reduce((sum, { packets }) => sum + packets, 0);
      return crossed === before || `${crossed} packets`;
    },
    { intervalMs: 500, timeoutMs: 20_000 },
  );
  await prefer({ paused: false, maxSpatialLayer: 2 });
  await eventually(() => told() === 2 || `told ${told()}`);
  await eventually(() => seen.statistics.width === 640 || `${seen.statistics.width} wide`);
  expect(edge.notices['subscription.layers'].at(-1)).toMatchObject({ spatialLayer: 2 });
  expect(edge.notices['subscription.layers'].at(-1)).not.toHaveProperty('reason');
});

test('[MC12] a big room is heard through slots on each node, whose microphones come from all', async () => {
  const nodes = linkedNodes();
  const sound = { microphonesWithoutSlots: 2, audioSlots: 2 };
  const origin = await nodes.start('origin', { sound });
  const edge = await nodes.start('edge', { sound });
  const speak = async (name: string, bytes: number) => {
    const trackId = `mic-${name}`;
    const speaker = await origin.open(name);
    const microphone = await speaker.publish(trackId, [numberedSound(bytes)], {
      source: 'microphone',
      audioLevelDbov: -100,
    });
    nodes.tell(trackId, 'origin', 'microphone');
    edge.node.expectMicrophone('room', trackId, true);
    return microphone;
  };
  const listener = await edge.open('listener', { audioSlots: true });
  const [alice] = [await speak('alice', 100), await speak('bob', 300), await speak('carol', 500)];
  const slots = () => edge.notices['room.audioSlots'].at(-1)?.slots ?? [];
  await eventually(() => slots().length === 2 || 'no slots');
  await eventually(async () => (await nodes.paths()).length === 3 || `${await nodes.paths()}`); // Though nobody asked.
  const sizes: number[] = [];
  for (const { slotId } of slots()) {
    const receiver = await listener.subscribe(slotId);
    receiver.onFrame = ({ bytes }) => sizes.push(bytes);
  }
  alice!.setAudioLevel(-20);
  await eventually(() => sizes.some((bytes) => bytes >= 100 && bytes < 300) || 'alice is not heard');
  const dave = await speak('dave', 700); // Whose microphone nobody will ask for.
  await eventually(async () => (await nodes.paths()).length === 4 || `${await nodes.paths()}`);
  dave.setAudioLevel(-10);
  await eventually(() => sizes.some((bytes) => bytes >= 700) || 'dave is not heard');
});

test('[MC33] what is to be produced in a moment, here or there, is waited for: all comes with one request', async () => {
  const nodes = linkedNodes();
  const there = await nodes.start('there');
  const here = await nodes.start('here');
  nodes.tell('alices', 'here');
  nodes.tell('bobs', 'there');
  const [alice, carol] = [await here.open('alice'), await here.open('carol')];
  const bob = await there.open('bob');
  // Who opens a session is waited for by others.
  expect((await here.open('dave', { trackIds: ['alices'] })).subscriptions).toEqual([]);
  const asked = here.calls['track.subscribe']({
    mediaSessionId: carol.mediaSessionId,
    trackIds: ['alices', 'bobs'],
    started: false,
  });
  await sleep(50);
  await alice.publish('alices', [await vp8()]);
  await bob.publish('bobs', [await vp8()]);
  const { subscriptions } = await asked;
  expect(subscriptions.map(({ trackId }) => trackId)).toEqual(['alices', 'bobs']);
});

test('what is nowhere is not found, and neither is what should be here', async () => {
  const nodes = linkedNodes();
  await nodes.start('origin');
  const edge = await nodes.start('edge');
  nodes.tell('lost', 'edge');
  nodes.tell('unborn', 'origin');
  nodes.tell('dead', 'gone');
  const bob = await edge.open('bob');
  const { failures } = await edge.calls['track.subscribe']({
    mediaSessionId: bob.mediaSessionId,
    trackIds: ['nowhere', 'lost', 'unborn', 'dead'],
    started: true,
  });
  expect(failures.map(({ code }) => code)).toEqual([
    'track-not-found',
    'track-not-found',
    'track-not-found',
    'media-lost',
  ]);
  expect(edge.node.load.streams).toBe(1);
});
