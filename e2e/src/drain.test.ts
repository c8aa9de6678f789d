import { mintJoinToken } from '@weir/auth';
import { canStartFleet, Fleet, type FleetNode, rollNodes } from '@weir/cli/testing';
import { Room } from '@weir/client';
import { PeerEngine, preparedTrack, prepareMedia, receiverOf } from '@weir/peer';
import { limits } from '@weir/protocol';
import { eventually } from '@weir/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { People, type Person } from './people.ts';

const slow = { timeoutMs: 40_000 };
/** The API allows an address so many calls. */
const rarely = { ...slow, intervalMs: 500 };
/**
 * Longer than any machine takes for one more picture, however busy. That pictures are changed over without a gap shows in that
 * no track was ever without a picture to show (`trackUnsubscribed`, `mediaReset`); how long it takes is measured elsewhere.
 */
const frozenMs = 4_000;

describe.skipIf(!canStartFleet)('[A8] nodes that are replaced while people talk', () => {
  const stack = new AsyncDisposableStack();
  let fleet: Fleet;
  let front: FleetNode;
  let other: FleetNode;
  const nodes = new Map<string, FleetNode>();
  let people: People;
  let alice: Person;
  let bob: Person;

  beforeAll(async () => {
    fleet = stack.use(await Fleet.start());
    front = await serve('front-1');
    other = await serve('front-2');
    await serve('media-1');
    people = stack.use(await People.of(await fleet.place(front)));
    alice = await people.join('alice');
    bob = await people.join('bob');
    for (const person of [alice, bob])
      await person.page.evaluate(async () => {
        await seat.publishCamera({ width: 160, height: 90, fps: 15 });
        await seat.publishTone();
      });
    await eventually(() => alice.sees(bob), slow);
    await eventually(() => bob.sees(alice), slow);
    await serve('media-2');
  }, 180_000);
  afterAll(() => stack.disposeAsync());

  const rolesOf = (nodeId: string) => (nodeId.startsWith('front') ? 'director,signaling' : 'media');
  const serve = async (nodeId: string) => {
    const node = await fleet.serve(nodeId, rolesOf(nodeId));
    nodes.set(nodeId, node);
    return node;
  };
  const director = () => fleet.director(other, front);
  const drain = async (nodeId: string, seconds: number) => (await director()).drain(nodeId, seconds);
  const undrain = async (nodeId: string) => (await director()).undrain(nodeId);
  const isEmpty = (nodeId: string) =>
    eventually(async () => {
      const { state, ...rest } = await (await director()).node(nodeId);
      return state === 'drained' || `${state} ${JSON.stringify(rest)}`;
    }, rarely);

  /** What both see while `change` is made: the longest time without a new picture, and what they were told. */
  const during = async (change: () => Promise<unknown>) => {
    const before = await Promise.all([alice, bob].map((person) => person.log()));
    await alice.page.evaluate(() => seat.watchFrames('bob'));
    await bob.page.evaluate(() => seat.watchFrames('alice'));
    await change();
    await eventually(() => alice.sees(bob), slow);
    await eventually(() => bob.sees(alice), slow);
    const gaps = await Promise.all([
      alice.page.evaluate(() => seat.longestGap('bob')),
      bob.page.evaluate(() => seat.longestGap('alice')),
    ]);
    const logs = await Promise.all([alice, bob].map((person) => person.log()));
    const told = logs.flatMap((log, i) => log.slice(before[i]!.length));
    return { gaps, told };
  };

  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const expectNoFreeze = (gaps: { frames: number; longestMs: number }[]) => {
    for (const { frames, longestMs } of gaps) {
      expect(frames).toBeGreaterThan(20);
      expect(longestMs).toBeLessThan(frozenMs);
    }
  };

  test('[SG56][SG57][SG58][MC19][MC20] a media node is drained: nobody sees a frozen picture, nobody seems to leave', async () => {
    expect(new Set((await fleet.mediaNodes('room')).values())).toEqual(new Set(['media-1']));
    const { gaps, told } = await during(async () => {
      await drain('media-1', 10);
      await isEmpty('media-1');
      await pause(limits.productionOverlapMs + 1_000); // What goes over both nodes at the end goes over one.
    });
    expect(new Set((await fleet.mediaNodes('room')).values())).toEqual(new Set(['media-2']));
    expect(
      told.filter((line) => /participant|mediaReset|trackUn|trackPublished|status|closed/.test(line)),
    ).toEqual([]);
    expectNoFreeze(gaps);
    await eventually(async () => (await alice.hears(bob)) > -65 || 'alice hears nothing', slow);
    const carol = await people.join('carol');
    expect((await fleet.mediaNodes('room')).get('carol')).toBe('media-2');
    await carol.page.evaluate(() => seat.room.leave());
    await carol.close();
  }, 120_000);

  test('[SG55] a signaling node is drained: its clients resume on another one, media does not notice', async () => {
    const { gaps, told } = await during(async () => {
      await drain('front-1', 5);
      await isEmpty('front-1');
    });
    expect(told.filter((line) => /participant|mediaReset|track|status|closed/.test(line))).toEqual([]);
    expectNoFreeze(gaps);
    await undrain('front-1');
  }, 60_000);

  test('whoever cannot be moved unnoticed is moved at the deadline; a node whose drain is undone takes people again', async () => {
    await undrain('media-1');
    await eventually(
      async () => (await (await director()).node('media-1')).state === 'working' || 'still drained',
      rarely,
    );
    const { told } = await during(async () => {
      await drain('media-2', 1);
      await isEmpty('media-2');
    });
    expect(told.filter((line) => /participant|trackUnp|status|closed/.test(line))).toEqual([]);
    expect(new Set((await fleet.mediaNodes('room')).values())).toEqual(new Set(['media-1']));
  }, 60_000);

  test('nodes are replaced one after the other under a call: nobody is dropped, nobody sees a frozen picture', async () => {
    await undrain('media-2');
    const { apiKey } = await fleet.place(front);
    const camera = preparedTrack([
      await prepareMedia({
        codec: 'VP8',
        width: 160,
        height: 90,
        fps: 15,
        bitrateBps: 60_000,
        seconds: 4,
        keyFrameEvery: 15,
      }),
    ]);
    const closed: string[] = [];
    const peers = await Promise.all(
      ['p1', 'p2', 'p3'].map(async (sub, i) => {
        const token = await mintJoinToken(apiKey, { room: 'room', sub }, { ttlSeconds: 600 });
        const { url } = i % 2 ? front : other;
        const peer = new Room({
          url,
          token,
          engine: new PeerEngine({ dataChannels: false }),
          keepSeat: false,
        });
        await peer.connect();
        peer.events.on('closed', (error) => closed.push(`${sub} ${error?.code}`));
        await peer.local.publish(camera, { source: 'camera' });
        return peer;
      }),
    );
    const frames = (peer: Room) =>
      [...peer.remotes.values()].flatMap((participant) => {
        const track = participant.publication('camera')?.mediaTrack;
        return track ? [receiverOf(track)?.statistics.frames ?? 0] : [];
      });
    await eventually(
      () => peers.every((peer) => frames(peer).filter(Boolean).length === 4) || 'not all flow',
      slow,
    );
    const { gaps, told } = await during(async () => {
      const rolled = await rollNodes(await fleet.director(front, other), ['media-1', 'front-2'], {
        driver: async (nodeId) => {
          nodes.set(nodeId, await fleet.restart(nodes.get(nodeId)!, rolesOf(nodeId)));
        },
        replace: 'each',
        deadlineSeconds: 5,
        say: () => {},
      });
      expect(rolled.map(({ nodeId }) => nodeId)).toEqual(['media-1', 'front-2']);
    });
    expect(told.filter((line) => /participant|mediaReset|trackUn|closed/.test(line))).toEqual([]);
    expect(closed).toEqual([]);
    for (const peer of peers) expect(peer.remotes.size).toBe(4);
    expectNoFreeze(gaps);
    for (const peer of peers) await peer.leave();
  }, 240_000);
});
