import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { eventually } from '@weir/testing';
import { workerBin } from 'mediasoup';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MediaFile } from './media-file.ts';
import { MediaServer } from './media-server.fixture.ts';
import { PeerTransport } from './peer-transport.ts';
import { prepareMedia, prepareSimulcast } from './prepared-media.ts';
import { isRtcp, newRtpHeader, parseRtp } from './rtp-packet.ts';
import type { RtpReceiver } from './rtp-receiver.ts';

const video = {
  width: 320,
  height: 180,
  fps: 30,
  bitrateBps: 300_000,
  seconds: 4,
  keyFrameEvery: 60,
} as const;

function hasFrames(receiver: RtpReceiver, count: number): Promise<unknown> {
  return eventually(() => receiver.statistics.frames >= count || `${receiver.statistics.frames} frames`, {
    timeoutMs: 8000,
  });
}

describe.skipIf(!existsSync(process.env.MEDIASOUP_WORKER_BIN ?? workerBin))('against the engine', () => {
  let server: MediaServer;
  let layers: MediaFile[];
  let vp8: MediaFile;
  let h264: MediaFile;
  let opus: MediaFile;

  beforeAll(async () => {
    server = await MediaServer.start();
    vp8 = await prepareMedia({ codec: 'VP8', ...video });
    h264 = await prepareMedia({ codec: 'H264', ...video });
    opus = await prepareMedia({ codec: 'opus', bitrateBps: 32_000, seconds: 4 });
    layers = await prepareSimulcast({ codec: 'VP8', ...video, width: 640, height: 360, bitrateBps: 600_000 });
  }, 60_000);
  afterAll(() => server[Symbol.asyncDispose]());

  /** A peer with both transports; the disposer closes both sides. */
  async function join(options: Parameters<MediaServer['openTransport']>[1] = {}) {
    const [send, receive] = await Promise.all([
      server.openTransport('send', options),
      server.openTransport('receive', options),
    ]);
    return {
      send,
      receive,
      publish: async (files: MediaFile[]) => {
        const track = send.peer.addSendTrack({ layers: files });
        return { track, producer: await server.publish(send.server, track) };
      },
      subscribe: (producer: Parameters<MediaServer['subscribe']>[2]) =>
        server.subscribe(receive.server, receive.peer, producer),
      [Symbol.dispose]() {
        for (const { peer, server } of [send, receive]) {
          peer.close();
          server.close();
        }
      },
    };
  }

  test('two peers see and hear each other', async () => {
    using alice = await join();
    using bob = await join();
    for (const [from, to] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      const camera = await from.publish([vp8]);
      const microphone = await from.publish([opus]);
      const picture = await to.subscribe(camera.producer);
      const sound = await to.subscribe(microphone.producer);
      await hasFrames(picture.receiver, 45);
      await hasFrames(sound.receiver, 50);
      expect(picture.receiver.statistics).toMatchObject({
        lost: 0,
        framesDropped: 0,
        width: 320,
        height: 180,
      });
      expect(picture.receiver.statistics.delay.count).toBeGreaterThan(40);
      expect(picture.receiver.statistics.delay.meanMs).toBeLessThan(100);
      expect(sound.receiver.statistics.lost).toBe(0);
    }
    await eventually(() => alice.send.peer.statistics.rtcpReceived > 0 || 'no reports');
  });

  test('H264', async () => {
    using alice = await join();
    using bob = await join();
    const { producer } = await alice.publish([h264]);
    const { receiver } = await bob.subscribe(producer);
    await hasFrames(receiver, 70); // Past a key frame.
    expect(receiver.statistics).toMatchObject({ lost: 0, framesDropped: 0 });
    expect(receiver.statistics.keyFrames).toBeGreaterThanOrEqual(2);
  });

  test('the pace is that of the file', async () => {
    using alice = await join();
    const { track } = await alice.publish([vp8]);
    const startMs = performance.now();
    const before = track.senders[0]!.statistics.frames;
    await eventually(() => track.senders[0]!.statistics.frames >= before + 60 || 'fewer');
    expect(performance.now() - startMs).toBeGreaterThan(1900);
    expect(performance.now() - startMs).toBeLessThan(2600);
  });

  test('simulcast: the subscriber chooses the layer', async () => {
    using alice = await join();
    using bob = await join();
    const { producer, track } = await alice.publish(layers);
    expect(track.rtpParameters.encodings).toHaveLength(3);
    const { consumer, receiver } = await bob.subscribe(producer);
    await bob.receive.server.setMaxOutgoingBitrate(0);
    await consumer.setPreferredLayers({ spatialLayer: 0 });
    await eventually(() => receiver.statistics.width === 160 || `width ${receiver.statistics.width}`);
    // A stream counts for a switch after it has been there for two seconds.
    await eventually(() => producer.score.length === 3 || 'not all layers are there');
    await consumer.setPreferredLayers({ spatialLayer: 2 });
    await eventually(() => receiver.statistics.width === 640 || `width ${receiver.statistics.width}`, {
      timeoutMs: 8000,
    });
    expect(track.senders[2]!.statistics.keyFrameRequests).toBeGreaterThan(0);
    track.setLayerActive(2, false);
    await eventually(() => receiver.statistics.width < 640 || 'still the largest layer', { timeoutMs: 8000 });
    expect(receiver.statistics.framesDropped).toBe(0);
  });

  /** Loses each tenth video packet that goes this way, once the stream is under way; never a repetition. */
  function losing(way: 'sent' | 'received') {
    const header = newRtpHeader();
    let packets = 0;
    return {
      losesPacket: (packet: Buffer, going: 'sent' | 'received') => {
        if (going !== way || isRtcp(packet) || !parseRtp(packet, header) || header.payloadType !== 101)
          return false;
        packets += 1;
        return packets >= 10 && packets % 10 === 0;
      },
    };
  }

  test('loss on the way to the subscriber is repaired', async () => {
    using alice = await join();
    using bob = await join(losing('received'));
    const { producer } = await alice.publish([vp8]);
    const { receiver } = await bob.subscribe(producer);
    await eventually(() => receiver.statistics.repaired >= 10 || `${receiver.statistics.repaired} repaired`);
    await hasFrames(receiver, 60);
    expect(receiver.statistics).toMatchObject({ framesDropped: 0, keyFrameRequests: 0 });
  });

  test('loss on the way to the server is repaired', async () => {
    using alice = await join(losing('sent'));
    using bob = await join();
    const { producer, track } = await alice.publish([vp8]);
    const { receiver } = await bob.subscribe(producer);
    const sender = track.senders[0]!;
    await eventually(
      () => sender.statistics.retransmitted >= 10 || `${sender.statistics.retransmitted} sent again`,
    );
    await hasFrames(receiver, 60);
    expect(receiver.statistics).toMatchObject({ framesDropped: 0, keyFrameRequests: 0 });
    const [stats] = await producer.getStats();
    expect(stats?.packetsRetransmitted).toBeGreaterThanOrEqual(10);
  });

  test('a key frame request is answered at once', async () => {
    using alice = await join();
    using bob = await join();
    const { producer, track } = await alice.publish([vp8]);
    const { consumer, receiver } = await bob.subscribe(producer);
    await hasFrames(receiver, 5);
    await new Promise((resolve) => setTimeout(resolve, 1100)); // The engine asks a producer at most once a second.
    const { keyFrames } = receiver.statistics;
    const { keyFrameRequests } = track.senders[0]!.statistics;
    const askedAtMs = performance.now();
    await consumer.requestKeyFrame();
    await eventually(() => receiver.statistics.keyFrames > keyFrames || 'none yet', { intervalMs: 5 });
    expect(performance.now() - askedAtMs).toBeLessThan(250);
    expect(track.senders[0]!.statistics.keyFrameRequests).toBeGreaterThan(keyFrameRequests);
  });

  test('a muted track sends nothing and comes back with a key frame', async () => {
    using alice = await join();
    using bob = await join();
    const { producer, track } = await alice.publish([vp8]);
    const { receiver } = await bob.subscribe(producer);
    await hasFrames(receiver, 10);
    track.setMuted(true);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { frames, keyFrames } = receiver.statistics;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(receiver.statistics.frames).toBe(frames);
    track.setMuted(false);
    await hasFrames(receiver, frames + 5);
    expect(receiver.statistics.keyFrames).toBe(keyFrames + 1);
    expect(receiver.statistics).toMatchObject({ lost: 0, framesDropped: 0 });
  });

  test('subscriptions come and go in a batch while others run', async () => {
    using alice = await join();
    using bob = await join();
    const producers = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => (await alice.publish([i % 2 === 0 ? vp8 : opus])).producer),
    );
    const first = await bob.subscribe(producers[0]!);
    await hasFrames(first.receiver, 10);
    const rest = await Promise.all(producers.slice(1).map((producer) => bob.subscribe(producer)));
    await Promise.all(rest.map(({ receiver }) => hasFrames(receiver, 15)));
    for (const { receiver, consumer } of rest) {
      receiver.close();
      consumer.close();
    }
    const { frames } = first.receiver.statistics;
    await hasFrames(first.receiver, frames + 15);
    expect(first.receiver.statistics).toMatchObject({ lost: 0, framesDropped: 0 });
  });

  test('data channels of each reliability, while others run', async () => {
    using alice = await join();
    using bob = await join();
    for (const [streamId, reliability] of [
      [0, {}],
      [1, { ordered: false, maxPacketLifeTime: 200 }],
      [2, { ordered: false, maxRetransmits: 0 }],
    ] as const) {
      const sctpStreamParameters = { streamId, ...reliability };
      const out = alice.send.peer.openDataChannel(sctpStreamParameters);
      const dataProducer = await alice.send.server.produceData({ sctpStreamParameters });
      const dataConsumer = await bob.receive.server.consumeData({ dataProducerId: dataProducer.id });
      const into = bob.receive.peer.openDataChannel(dataConsumer.sctpStreamParameters!);
      await Promise.all([out.opened(), into.opened()]);
      const received: string[] = [];
      into.events.on('messageReceived', (bytes) => received.push(Buffer.from(bytes).toString()));
      for (let i = 0; i < 50; i++) expect(out.send(Buffer.from(`${streamId}/${i}`))).toBe(true);
      await eventually(() => received.length === 50 || `${received.length} messages`);
      expect(new Set(received).size).toBe(50);
    }
  });

  test('the end of the server’s transport is noticed', async () => {
    using alice = await join();
    const track = alice.send.peer.addSendTrack({ layers: [vp8] });
    await server.publish(alice.send.server, track);
    alice.send.server.close();
    await eventually(() => alice.send.peer.closed || 'still open');
    expect(alice.send.peer.closeReason).toBe('lost');
    expect(track.closeReason).toBe('parent-closed');
  });

  test('connecting to nobody is a timeout', async () => {
    const transport = await server.createTransport();
    const parameters = server.parametersOf(transport);
    for (const candidate of parameters.iceCandidates) candidate.port = 9;
    using lonely = new PeerTransport({ parameters, direction: 'send' });
    await expect(lonely.connect(300)).rejects.toMatchObject({ code: 'timeout' });
  });

  test('fifty peers in one process', async () => {
    using speaker = await join();
    const { producer } = await speaker.publish([vp8]);
    const peers = await Promise.all(Array.from({ length: 50 }, () => join()));
    const receptions = await Promise.all(
      peers.map(async (peer) => {
        await peer.publish([opus]);
        return peer.subscribe(producer);
      }),
    );
    await Promise.all(receptions.map(({ receiver }) => hasFrames(receiver, 30)));
    for (const peer of peers) peer[Symbol.dispose]();
    expect(receptions.filter(({ receiver }) => receiver.statistics.framesDropped > 0)).toEqual([]);
  }, 30_000);

  test('two hundred transports come and go without a trace', async () => {
    const servers: { close(): void }[] = []; // Open until the end: their closing would close what a peer forgot.
    // An address each: the engine takes what comes from a port that it knows for the transport it knew it by, and among
    // so many ports of one address some come up twice.
    let opened = 0;
    const open = () =>
      server.openTransport('send', { bindAddress: `127.0.${1 + (opened >> 7)}.${1 + (opened++ & 127)}` });
    const churn = async (count: number) => {
      for (let i = 0; i < count; i += 10) {
        const pairs = await Promise.all(Array.from({ length: 10 }, open));
        for (const { peer, server: transport } of pairs) {
          await server.publish(transport, peer.addSendTrack({ layers: [opus] }));
          peer.openDataChannel({ streamId: 0 });
          peer.close();
          servers.push(transport);
        }
      }
    };
    const handles = async () => (await readdir('/proc/self/fd')).length;
    await churn(20);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const before = await handles();
    await churn(200);
    await eventually(async () => {
      const now = await handles();
      return now <= before + 5 || `${now} handles, ${before} before`;
    });
    for (const transport of servers) transport.close();
  }, 30_000);
});
