import { type Missed, SignalingLink } from '@weir/client/signaling';
import { memoryStore, Rooms } from '@weir/cluster';
import { type PlatformError, silentLogger } from '@weir/core';
import { Grants, type JoinAnswer, RoomSettings } from '@weir/protocol';
import { Signaling } from '@weir/signaling';
import {
  eventually,
  type Fate,
  type SocketPair,
  type SocketPairOptions,
  socketPair,
  withSeed,
} from '@weir/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { ScriptedMediaNode } from './scripted-media-node.ts';

/** Short, so that a thousand runs take seconds; the ratios are those of production. */
const times = {
  askMs: 200,
  openMs: 200,
  claimMs: 120,
  connectBudgetMs: 4_000,
  reconnectBudgetMs: 4_000,
  firstRetryMs: 5,
  maxRetryMs: 50,
};

async function setUp(network: Omit<SocketPairOptions, 'seed'> & { seed: number }) {
  const store = memoryStore();
  const rooms = new Rooms(store.rooms);
  const media = new ScriptedMediaNode();
  const signaling = await Signaling.start({ store, openMediaLink: media.link, logger: silentLogger });
  const sockets: SocketPair[] = [];
  const links: SignalingLink[] = [];
  const seat = async (identity: string, grants = {}): Promise<JoinAnswer> => {
    await rooms.ensureRoom('room', RoomSettings.parse({}));
    const claims = { identity, displayName: '', metadata: '', grants: Grants.parse(grants) };
    const { participantId, secret } = await rooms.createSeat('room', claims, 'scripted');
    return {
      roomId: 'room',
      participantId,
      secret,
      signaling: ['ws://node'],
      iceServers: [],
      rtpCapabilities: {},
    };
  };
  const join = (identity: string, faulty = true) => {
    const progress = { mediaSessionId: undefined as string | undefined, revision: 0 };
    const seen: string[] = [];
    const link = new SignalingLink({
      ask: () => seat(identity),
      openSocket: async () => {
        const pair = socketPair(faulty ? { ...network, seed: network.seed + sockets.length } : { seed: 0 });
        sockets.push(pair);
        signaling.accept(pair.server);
        return pair.client;
      },
      rtpCapabilities: async () => ({}),
      progress: () => progress,
      subscribe: 'all',
      client: 'test',
      times,
    });
    link.events.on('joined', ({ media, snapshot }) => {
      progress.mediaSessionId = media.mediaSessionId;
      progress.revision = snapshot.revision;
      seen.length = 0;
      seen.push(...snapshot.participants.map((p) => p.identity));
    });
    const note = (revision: number, event: { type: string }) => {
      if (event.type === 'dataReceived')
        seen.push((event as unknown as { message: { payload: string } }).message.payload);
      progress.revision = Math.max(progress.revision, revision);
    };
    link.events.on('event', note);
    link.events.on('resumed', (missed: Missed) => {
      if ('events' in missed) for (const { revision, event } of missed.events) note(revision, event);
      else progress.revision = missed.snapshot.revision;
    });
    links.push(link);
    link.connect();
    return { link, seen, progress };
  };
  const close = async () => {
    for (const link of links) link.close();
    await signaling.stop();
    await store.close();
  };
  return { rooms, media, signaling, sockets, join, close };
}

let close: (() => Promise<void>) | undefined;
afterEach(async () => {
  await close?.();
  close = undefined;
});

/** It has come to an end: joined, or closed with an error of the table. */
function settled(link: SignalingLink): true | string {
  const { state } = link;
  if (state.status === 'joined') return true;
  if (state.status === 'closed')
    return (state.error as PlatformError | undefined)?.code ? true : 'closed without an error';
  return `still ${state.status}`;
}

describe('[SG41] a client always ends joined or with a typed error', () => {
  const fates: Fate[] = ['drop', 'duplicate', 'cut', { delayMs: 300 }];
  const steps = fates.flatMap((fate) =>
    (['up', 'down'] as const).flatMap((direction) =>
      [0, 1, 2].map((index) => [fate, direction, index] as const),
    ),
  );
  test.each(steps)('%o of message %s %i of each of the first two sockets', async (fate, direction, index) => {
    let hits = 0;
    const script: SocketPairOptions['script'] = (d, i) =>
      d === direction && i === index && hits++ < 2 ? fate : undefined;
    const world = await setUp({ seed: 1, script });
    close = world.close;
    const { link } = world.join('alice');
    await eventually(() => settled(link), { timeoutMs: 6_000 });
    expect(link.state.status).toBe('joined');
  });

  test(
    'under random loss, delay, duplication and reordering',
    withSeed(async (seed) => {
      for (let run = 0; run < 25; run++) {
        const world = await setUp({
          seed: seed + run * 1_000,
          drop: 0.15,
          duplicate: 0.1,
          reorder: 0.1,
          delayMs: [0, 30],
        });
        close = world.close;
        const joining = ['alice', 'bob', 'carol'].map((identity) => world.join(identity).link);
        await eventually(() => joining.map(settled).find((s) => s !== true) ?? true, { timeoutMs: 8_000 });
        await world.close();
        close = undefined;
      }
    }),
    60_000,
  );
});

describe('[SG22] resume', () => {
  test('missed events are replayed once and in order, whoever cut the socket', async () => {
    const world = await setUp({ seed: 3 });
    close = world.close;
    const alice = world.join('alice');
    await eventually(() => alice.link.state.status === 'joined');
    for (let i = 0; i < 40; i++) {
      if (i % 7 === 3) world.sockets.at(-1)!.cut();
      await world.rooms.sendData('room', {
        messageId: `m${i}`,
        from: '',
        topic: 't',
        payload: String(i),
        encoding: 'utf8',
      });
    }
    const expected = Array.from({ length: 40 }, (_, i) => String(i));
    await eventually(() => alice.seen.includes('39') || `seen: ${alice.seen}`);
    expect(alice.seen.filter((s) => s !== 'alice')).toEqual(expected);
    expect(world.media.sessions.size).toBe(1);
  });

  test('the others see neither leave nor join when a socket comes back at once', async () => {
    const world = await setUp({ seed: 4 });
    close = world.close;
    const alice = world.join('alice');
    const bob = world.join('bob');
    await eventually(() => alice.link.state.status === 'joined' && bob.link.state.status === 'joined');
    const told: string[] = [];
    bob.link.events.on('event', (_, event) => told.push(event.type));
    world.sockets[0]!.cut();
    await eventually(() => alice.link.state.status === 'joined' && world.sockets.length === 3);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(told).toEqual([]);
  });

  test('a second connection with the same seat ends the first one for good', async () => {
    const world = await setUp({ seed: 5 });
    close = world.close;
    const alice = world.join('alice');
    await eventually(() => alice.link.state.status === 'joined');
    const again = world.join('alice');
    await eventually(() => alice.link.state.status === 'closed');
    expect((alice.link.state as { error?: PlatformError }).error?.code).toBe('session-replaced');
    await eventually(() => again.link.state.status === 'joined');
  });

  test('lost media sessions are opened anew and told', async () => {
    const world = await setUp({ seed: 6 });
    close = world.close;
    const alice = world.join('alice');
    await eventually(() => alice.link.state.status === 'joined');
    const reset = new Promise<string>((resolve) =>
      alice.link.events.on('mediaReset', ({ reason }) => resolve(reason)),
    );
    world.media.loseAll('the worker died');
    expect(await reset).toBe('the worker died');
    expect(world.media.sessions.size).toBe(1);
  });
});
