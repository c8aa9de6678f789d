import { mintJoinToken } from '@weir/auth';
import { Room } from '@weir/client';
import { PeerEngine, preparedTrack, prepareMedia, prepareSimulcast, receiverOf } from '@weir/peer';
import { eventually, tcpProxy } from '@weir/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { People } from './people.ts';
import { startTestPlatform, type TestPlatform } from './test-platform.ts';

let platform: TestPlatform;
let people: People;
beforeAll(async () => {
  platform = await startTestPlatform();
  people = await People.of(platform);
});
afterAll(async () => {
  await people?.[Symbol.asyncDispose]();
  await platform?.[Symbol.asyncDispose]();
});

const video = {
  codec: 'VP8',
  width: 640,
  height: 360,
  fps: 25,
  bitrateBps: 400_000,
  seconds: 4,
  keyFrameEvery: 25,
} as const;
const slow = { timeoutMs: 20_000 };

async function joinPeer(identity: string, room: string, url = platform.urls.local): Promise<Room> {
  const token = await mintJoinToken(platform.apiKey, { room, sub: identity }, { ttlSeconds: 600 });
  const peer = new Room({ url, token, engine: new PeerEngine(), keepSeat: false });
  await peer.connect();
  return peer;
}

/** Frames decoded-to-be that the peer has put together of `identity`'s camera. */
function framesFrom(peer: Room, identity: string): number {
  const participant = [...peer.remotes.values()].find((p) => p.identity === identity);
  const track = participant?.publication('camera')?.mediaTrack;
  return (track && receiverOf(track)?.statistics.frames) ?? 0;
}

describe('[E1] a headless peer', () => {
  test('joins like a browser: a page sees what it sends, it receives what the page sends', async () => {
    const peer = await joinPeer('peer', 'mixed');
    await peer.local.publish(preparedTrack(await prepareSimulcast(video)), { source: 'camera' });
    const audio = await prepareMedia({ codec: 'opus', bitrateBps: 32_000, seconds: 4 });
    await peer.local.publish(preparedTrack([audio]), { source: 'microphone' });
    const alice = await people.join('alice', { room: 'mixed' });
    await alice.page.evaluate(() => seat.publishCamera());
    const seesPeer = () => alice.page.evaluate(() => seat.sees('peer'));
    await eventually(seesPeer, slow);
    await eventually(() => framesFrom(peer, 'alice') > 20 || `${framesFrom(peer, 'alice')} frames`, slow);
    await platform.restartSignaling();
    await peer.sendMessage('chat', 'from a peer');
    await eventually(async () => (await alice.log()).includes('data from a peer') || 'nothing said');
    await eventually(seesPeer, slow);
    await peer.leave();
    await eventually(async () => (await alice.log()).includes('participantLeft peer left') || 'still there');
    await alice.close();
  });

  test('[SG70] publishes once, though the socket breaks before the answer comes', async () => {
    const { hostname: host, port } = new URL(platform.urls.local);
    await using proxy = await tcpProxy({ target: { host, port: Number(port) }, seed: 1 });
    const watcher = await joinPeer('watcher', 'broken');
    const peer = await joinPeer('peer', 'broken', `http://${proxy.host}:${proxy.port}`);
    const seen = () => [...watcher.remotes.values()].flatMap((remote) => [...remote.publications.keys()]);
    for (const source of ['camera', 'screen'] as const) {
      proxy.set({ down: { delayMs: 1_000 } });
      const before = seen().length;
      const publishing = peer.local.publish(preparedTrack([await prepareMedia(video)]), { source });
      await eventually(() => seen().length > before || 'not published yet');
      proxy.reset();
      proxy.set({ down: { delayMs: undefined } });
      const { trackId } = await publishing;
      expect(seen().slice(before)).toEqual([trackId]);
    }
    await eventually(() => framesFrom(watcher, 'peer') > 20 || `${framesFrom(watcher, 'peer')} frames`, slow);
    await Promise.all([peer.leave(), watcher.leave()]);
  });

  test('many of them in one process, each receiving each', async () => {
    const before = await sessions();
    const media = preparedTrack([
      await prepareMedia({ ...video, width: 320, height: 180, bitrateBps: 100_000 }),
    ]);
    const peers = await Promise.all(Array.from({ length: 12 }, (_, i) => joinPeer(`peer-${i}`, 'many')));
    await Promise.all(peers.map((peer) => peer.local.publish(media, { source: 'camera' })));
    for (const [i, peer] of peers.entries())
      for (let j = 0; j < peers.length; j++)
        if (i !== j)
          await eventually(
            () => framesFrom(peer, `peer-${j}`) > 10 || `peer ${i} has no frames of ${j}`,
            slow,
          );
    await Promise.all(peers.map((peer) => peer.leave()));
    await eventually(
      async () => (await sessions()) === before || `${await sessions()} sessions, ${before} before`,
    );
  });
});

async function sessions(): Promise<number> {
  const { workers } = await platform.sfu.node.handlers['node.describe']({}, undefined as never);
  return workers.reduce((sum, worker) => sum + worker.sessions, 0);
}
