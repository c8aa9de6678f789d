import { mintJoinToken } from '@weir/auth';
import { type RemotePublication, Room } from '@weir/client';
import { numberedSound, PeerEngine, preparedTrack, prepareMedia, receiverOf } from '@weir/peer';
import { limits } from '@weir/protocol';
import { eventually } from '@weir/testing';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { People } from './people.ts';
import { startTestPlatform, type TestPlatform } from './test-platform.ts';

let platform: TestPlatform;
let people: People;
beforeAll(async () => {
  const { microphonesWithoutSlots, audioSlots } = limits;
  platform = await startTestPlatform({
    requestsPerMinute: 100_000,
    sound: { microphonesWithoutSlots, audioSlots, settleMs: 200 },
  });
  people = await People.of(platform);
});
afterAll(async () => {
  await people?.[Symbol.asyncDispose]();
  await platform?.[Symbol.asyncDispose]();
});

const slow = { timeoutMs: 30_000 };

async function joinPeer(identity: string, room: string, { listens = false } = {}): Promise<Room> {
  const claims = { room, sub: identity, grants: { subscribe: listens } };
  const token = await mintJoinToken(platform.apiKey, claims, { ttlSeconds: 600 });
  const engine = new PeerEngine({ dataChannels: false });
  const peer = new Room({ url: platform.urls.local, token, engine, keepSeat: false });
  await peer.connect();
  return peer;
}

/** Peers who do not listen, some at a time. */
async function crowd(count: number, room: string, sound: (i: number) => MediaStreamTrack): Promise<Room[]> {
  const peers: Room[] = [];
  while (peers.length < count) {
    const step = Array.from({ length: Math.min(20, count - peers.length) }, async (_, j) => {
      const i = peers.length + j;
      const peer = await joinPeer(`crowd-${i}`, room);
      await peer.local.publish(sound(i), { source: 'microphone' });
      return peer;
    });
    peers.push(...(await Promise.all(step)));
  }
  onTestFinished(async () => {
    await Promise.all(peers.map((peer) => peer.leave()));
  });
  return peers;
}

describe('[B6] a room of two hundred, everybody unmuted', () => {
  test('each receives six streams, hears a newcomer from the first moment on, and not itself', async () => {
    const sound = await prepareMedia({ codec: 'opus', bitrateBps: 24_000, seconds: 4 });
    // A browser's microphone in a silent room sends a packet each 400 ms (DTX).
    const silence = { ...numberedSound(10), frameDurationMs: 400 };
    await crowd(197, 'assembly', (i) =>
      i < 40 ? preparedTrack([sound]) : preparedTrack([silence], { audioLevelDbov: -100 }),
    );
    const ears = await joinPeer('ears', 'assembly', { listens: true });
    await ears.local.publish(preparedTrack([sound]), { source: 'microphone' });
    const [alice, bob] = await Promise.all(
      ['alice', 'bob'].map((name) => people.join(name, { room: 'assembly' })),
    );
    for (const person of [alice!, bob!]) await person.page.evaluate(() => seat.publishSteps());

    const received = (peer: Room) => peer.audioSlots.filter(({ mediaTrack }) => mediaTrack);
    await eventually(() => received(ears).length === limits.audioSlots || 'not all slots', slow);
    for (const { mediaTrack } of ears.audioSlots) {
      const receiver = receiverOf(mediaTrack!)!;
      await eventually(() => receiver.statistics.packets > 10 || 'a slot is silent', slow);
    }
    const each = [...ears.remotes.values()].filter((p) => p.publication('microphone')?.mediaTrack);
    expect(each).toHaveLength(0);
    for (const person of [alice!, bob!]) {
      const sounds = () => person.page.evaluate(() => seat.sounds());
      await eventually(async () => (await sounds()).packets > 100 || 'no sound', slow);
      expect((await sounds()).streams).toBe(limits.audioSlots);
      expect(await person.page.evaluate(() => seat.carried().length)).toBe(limits.audioSlots);
      await person.page.evaluate(() => seat.listenToSlots());
    }

    await alice!.page.evaluate(() => seat.saySteps());
    const steps = () => bob!.page.evaluate(() => seat.ears.steps());
    await eventually(async () => (await steps()).length === 5 || `heard ${await steps()}`, slow);
    expect((await steps())[0]).toBe(0); // Its first 40 ms; a page that records on a busy machine may miss some of the rest.
    expect(await alice!.page.evaluate(() => seat.ears.steps())).toEqual([]);
    expect((await bob!.page.evaluate(() => seat.sounds())).streams).toBe(limits.audioSlots);
    await Promise.all([alice!.close(), bob!.close()]);
  });

  test('a room grows big and small again under somebody who speaks: every packet is heard', async () => {
    const ears = await joinPeer('ears', 'growing', { listens: true });
    const heard: number[] = [];
    const attach = (track: MediaStreamTrack | undefined, from: () => boolean) => {
      const receiver = track && receiverOf(track);
      if (receiver) receiver.onFrame = ({ bytes }) => from() && heard.push(bytes);
    };
    const isSpeaker = (publication: RemotePublication | undefined) =>
      publication?.participant.identity === 'speaker';
    ears.events.on('trackSubscribed', (publication, track) => attach(track, () => isSpeaker(publication)));
    ears.events.on('audioSlotsChanged', (slots) => {
      for (const { mediaTrack } of slots) attach(mediaTrack, () => true); // Nobody else is loud enough.
    });
    const speaker = await joinPeer('speaker', 'growing');
    const numbered = preparedTrack([numberedSound(200)], { audioLevelDbov: -20 });
    await speaker.local.publish(numbered, { source: 'microphone' });
    await eventually(() => heard.length > 10 || 'not heard', slow);
    const silent = () => preparedTrack([numberedSound(600)], { audioLevelDbov: -100 });
    const others = await crowd(limits.microphonesWithoutSlots, 'growing', silent);
    const itself = () => [...ears.remotes.values()].find((p) => p.identity === 'speaker');
    const subscribed = () => itself()?.publication('microphone')?.subscribed;
    await eventually(() => !subscribed() || 'still by itself', slow);
    const big = heard.length;
    await eventually(() => heard.length > big + 50 || 'not heard through a slot', slow);
    await Promise.all(others.slice(4).map((peer) => peer.leave()));
    await eventually(() => ears.audioSlots.length === 0 || 'still through slots', slow);
    const small = heard.length;
    await eventually(() => heard.length > small + 50 || 'not heard by itself again', slow);
    expect(subscribed()).toBe(true);

    const jumps = heard.slice(1).map((size, i) => (size - heard[i]! + 200) % 200);
    expect(jumps.filter((jump) => jump > 1)).toEqual([]);
    // What was under way within the node at a change may come both ways.
    expect(jumps.filter((jump) => jump === 0).length).toBeLessThanOrEqual(2);
    await Promise.all([ears.leave(), speaker.leave()]);
  });
});
