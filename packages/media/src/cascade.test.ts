import { Lifetime, PlatformError, silentLogger } from '@weir/core';
import { prepareMedia, prepareSimulcast } from '@weir/peer';
import { type Calls, type MediaPipes, type Method, mediaPipes } from '@weir/protocol';
import { eventually } from '@weir/testing';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { callsTo, pipeHandlersFor } from './bound-handlers.ts';
import { MediaNode } from './media-node.ts';
import { NoticeLog, TestParticipant } from './testing.ts';
import type { EdgeListener } from './track-distributor.ts';

const video = { width: 320, height: 180, fps: 15, bitrateBps: 200_000, seconds: 2, keyFrameEvery: 8 };
const opus = () => prepareMedia({ codec: 'opus', bitrateBps: 32_000, seconds: 2 });
const vp8 = () => prepareMedia({ codec: 'VP8', ...video });
const simulcast = () => prepareSimulcast({ codec: 'VP8', ...video, width: 640, height: 360 });
const lingerMs = 100;

beforeAll(async () => {
  await Promise.all([opus(), vp8(), simulcast()]); // Encoded once, not in a test's time.
}, 60_000);

/** Media nodes that reach each other by function calls, over connections that can be broken. */
class Nodes {
  readonly #nodes = new Map<string, MediaNode>();
  readonly #connections: { from: string; to: string; lifetime: Lifetime }[] = [];
  /** The log: the node of each track's publisher. */
  readonly tracks = new Map<string, string>();

  async start(nodeId: string, options: { region?: string; fanOut?: number; workers?: number } = {}) {
    const { region = 'eu', fanOut = 8, workers = 1 } = options;
    const node = await MediaNode.start({
      nodeId,
      workers,
      listen: [{ ip: '127.0.0.1' }],
      firstPort: 0,
      spreadAbove: workers > 1 ? 0 : 200,
      logger: silentLogger,
      cascade: {
        region,
        fanOut,
        lingerMs,
        listen: { ip: '127.0.0.1' },
        locate: async (_, trackId) => {
          const at = this.tracks.get(trackId);
          const kind = trackId === 'microphone' ? 'audio' : trackId === 'vitals' ? 'data' : 'video';
          const source = kind === 'audio' ? 'microphone' : kind === 'video' ? 'camera' : 'data';
          return at === undefined ? undefined : { nodeId: at, participantId: 'alice', kind, source };
        },
        open: async (to, listener) => this.#connect(nodeId, to, listener),
      },
    });
    this.#nodes.set(nodeId, node);
    onTestFinished(async () => node[Symbol.asyncDispose]());
    const log = new NoticeLog();
    const calls = callsTo(node, log.listener);
    const open = async (participantId: string) => {
      const participant = await TestParticipant.open(calls, { participantId });
      onTestFinished(() => participant.close());
      return participant;
    };
    return { node, calls, open, notices: log.notices };
  }

  #connect(from: string, to: string, listener: EdgeListener) {
    const distributor = this.#nodes.get(to)?.distributor;
    if (!distributor || distributor.closed) throw new PlatformError('connection-lost', `${to} is dead`);
    const lifetime = new Lifetime();
    const own: EdgeListener = {
      'pipe.closed': (notice) => lifetime.closed || listener['pipe.closed'](notice),
    };
    lifetime.onClose(() => distributor.forget(own));
    distributor.onClose(() => lifetime.close('lost'), lifetime.signal);
    this.#connections.push({ from, to, lifetime });
    const handlers = pipeHandlersFor(distributor, own);
    const methods = Object.keys(mediaPipes.requests) as Method<MediaPipes>[];
    const calls = methods.map((method) => [
      method,
      async (params: object) => {
        if (lifetime.closed) throw new PlatformError('connection-lost', `${method}: ${to} is out of reach`);
        return handlers[method](mediaPipes.requests[method].params.parse(params) as never);
      },
    ]);
    return { calls: Object.fromEntries(calls) as Calls<MediaPipes>, lifetime };
  }

  breakConnection(from: string, to: string): void {
    for (const connection of [...this.#connections])
      if (connection.from === from && connection.to === to) connection.lifetime.close('lost');
  }

  /** The pipes of all nodes, as `track: from > to`. */
  async pipes(): Promise<string[]> {
    return (await this.#list()).map(({ trackId, from, to }) => `${trackId}: ${from} > ${to}`).sort();
  }

  /** What went over all pipes so far. */
  async packets(): Promise<number> {
    return (await this.#list()).reduce((sum, { packets }) => sum + packets, 0);
  }

  async #list() {
    const living = [...this.#nodes].filter(([, { closed }]) => !closed);
    const listed = await Promise.all(
      living.map(async ([from, { distributor }]) => {
        const { pipes } = await distributor!.handlers['pipe.list']({}, { 'pipe.closed': () => {} });
        return pipes.map((pipe) => ({ ...pipe, from }));
      }),
    );
    return listed.flat();
  }
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
  const nodes = new Nodes();
  const origin = await nodes.start('origin');
  const edge = await nodes.start('edge', { workers: 2 });
  nodes.tracks.set('camera', 'origin').set('microphone', 'origin');
  const alice = await origin.open('alice');
  await alice.publish('camera', [await vp8()]);
  await alice.publish('microphone', [await opus()], { source: 'microphone' });
  const viewers = await Promise.all(['bob', 'carol', 'dave'].map((name) => edge.open(name)));
  const seen = await Promise.all(viewers.map((viewer) => viewer.subscribe('camera')));
  const heard = await viewers[0]!.subscribe('microphone');
  await Promise.all([...seen, heard].map((receiver) => flows(receiver)));
  expect(await nodes.pipes()).toEqual(['camera: origin > edge', 'microphone: origin > edge']);
  for (const { mediaSessionId } of viewers.slice(0, 2))
    await edge.calls['track.unsubscribe']({ mediaSessionId, trackIds: ['camera', 'microphone'] });
  await flows(seen[2]!);
  await eventually(async () => (await nodes.pipes()).length === 1 || `${await nodes.pipes()}`);
  await edge.calls['session.close']({ mediaSessionId: viewers[2]!.mediaSessionId });
  await eventually(async () => (await nodes.pipes()).length === 0 || `${await nodes.pipes()}`);
  await flows(await viewers[1]!.subscribe('camera')); // And again.
});

test('[MC13] the worker by which a track came stays for the others when its first subscriber goes', async () => {
  const nodes = new Nodes();
  const origin = await nodes.start('origin');
  const edge = await nodes.start('edge', { workers: 2 });
  nodes.tracks.set('camera', 'origin');
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

test('data of another node arrives', async () => {
  const nodes = new Nodes();
  const origin = await nodes.start('origin');
  const edge = await nodes.start('edge');
  nodes.tracks.set('vitals', 'origin');
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
  const nodes = new Nodes();
  const origin = await nodes.start('origin', { fanOut: 2 });
  nodes.tracks.set('camera', 'origin');
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
  expect(await nodes.pipes()).toEqual([
    'camera: eu-1 > eu-2',
    'camera: origin > eu-1',
    'camera: origin > us-1',
    'camera: us-1 > us-2',
  ]);
});

test('[MC14] when a node in the middle dies, what hung under it hangs elsewhere', async () => {
  const nodes = new Nodes();
  const origin = await nodes.start('origin', { fanOut: 1 });
  nodes.tracks.set('camera', 'origin');
  await (await origin.open('alice')).publish('camera', [await vp8()]);
  const edges = [];
  for (const nodeId of ['a', 'b', 'c']) {
    const edge = await nodes.start(nodeId, { fanOut: 1 });
    const viewer = await edge.open(`at-${nodeId}`);
    await flows(await viewer.subscribe('camera'));
    edges.push({ ...edge, viewer });
  }
  expect(await nodes.pipes()).toEqual(['camera: a > b', 'camera: b > c', 'camera: origin > a']);
  await edges[0]!.node[Symbol.asyncDispose]();
  for (const { notices, viewer } of edges.slice(1)) {
    await eventually(() => notices['subscription.closed'].length === 1 || 'not told');
    await flows(await viewer.subscribe('camera'));
  }
  expect((await nodes.pipes()).length).toBe(2);
});

test('[MC15] a connection that breaks between two nodes that live stops nothing', async () => {
  const nodes = new Nodes();
  const origin = await nodes.start('origin');
  const edge = await nodes.start('edge');
  nodes.tracks.set('camera', 'origin');
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
  const nodes = new Nodes();
  const origin = await nodes.start('origin');
  const edge = await nodes.start('edge');
  nodes.tracks.set('camera', 'origin');
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

test('[MC17] the publisher sends what anybody on any node wants, and nothing crosses for nobody', async () => {
  const nodes = new Nodes();
  const origin = await nodes.start('origin');
  const edge = await nodes.start('edge');
  nodes.tracks.set('camera', 'origin');
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
      crossed = await nodes.packets();
      return crossed === before || `${crossed} packets`;
    },
    { intervalMs: 500, timeoutMs: 20_000 },
  );
  await prefer({ paused: false, maxSpatialLayer: 2 });
  await eventually(() => told() === 2 || `told ${told()}`);
  await flows(seen);
});

test('what is nowhere is not found, and neither is what should be here', async () => {
  const nodes = new Nodes();
  await nodes.start('origin');
  const edge = await nodes.start('edge');
  nodes.tracks.set('lost', 'edge').set('unborn', 'origin').set('dead', 'gone');
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
