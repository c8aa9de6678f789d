import { existsSync } from 'node:fs';
import type { MediaSignaling } from '@weir/client';
import { PlatformError } from '@weir/core';
import type { MediaSession, RtpParameters, SctpStreamParameters, Subscription } from '@weir/protocol';
import { eventually } from '@weir/testing';
import type { types } from 'mediasoup';
import { workerBin } from 'mediasoup';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { MediaServer } from './media-server.fixture.ts';
import { PeerEngine } from './peer-engine.ts';
import { preparedTrack, receiverOf } from './peer-media-track.ts';
import { prepareMedia } from './prepared-media.ts';
import { rtpCapabilities } from './rtp-capabilities.ts';

describe.skipIf(!existsSync(process.env.MEDIASOUP_WORKER_BIN ?? workerBin))('against the engine', () => {
  let server: MediaServer;
  beforeAll(async () => {
    server = await MediaServer.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** An engine with a media session, and what a media node would do for it. */
  async function join() {
    const [send, receive] = await Promise.all([server.createTransport(), server.createTransport()]);
    const media: MediaSession = {
      mediaSessionId: send.id,
      nodeId: 'node',
      send: server.parametersOf(send),
      receive: server.parametersOf(receive),
    };
    const lost = vi.fn<(reason: PlatformError) => void>();
    const signaling: MediaSignaling = {
      connect: (direction, _id, dtlsParameters) => ({ send, receive })[direction].connect({ dtlsParameters }),
      restartIce: () => Promise.reject(new PlatformError('wrong-state', 'not here')),
      openTransport: () => Promise.reject(new PlatformError('wrong-state', 'not here')),
      closeTransport: () => {},
      receiveAnew: () => {},
      sendAnew: () => {},
      transportLost: () => {},
      suspected: () => {},
      lost,
    };
    const engine = new PeerEngine();
    engine.open(media, [], signaling);
    const subscription = async (producer: types.Producer): Promise<Subscription> => {
      const capabilities = rtpCapabilities() as types.RtpCapabilities;
      const consumer = await receive.consume({ producerId: producer.id, rtpCapabilities: capabilities });
      const rtpParameters = consumer.rtpParameters as RtpParameters;
      const base = { subscriptionId: consumer.id, trackId: producer.id, epoch: 1, started: true };
      return { ...base, transportId: receive.id, kind: consumer.kind, rtpParameters };
    };
    return { engine, send, receive, lost, subscription };
  }

  const toStream = () => 'stream';

  test('what one engine publishes the other receives', async () => {
    const alice = await join();
    const bob = await join();
    const file = await prepareMedia({
      codec: 'VP8',
      width: 160,
      height: 90,
      fps: 15,
      bitrateBps: 100_000,
      seconds: 2,
      keyFrameEvery: 10,
    });
    const track = preparedTrack([file]);
    expect(track.getSettings()).toMatchObject({ width: 160, height: 90 });
    let producer: types.Producer | undefined;
    const production = await alice.engine.publish(track, { source: 'camera' }, async (rtpParameters) => {
      producer = await alice.send.produce({
        kind: 'video',
        rtpParameters: rtpParameters as types.RtpParameters,
      });
    });
    const subscription = await bob.subscription(producer!);
    const receptions = await bob.engine.receive([subscription], toStream, () => {});
    const receiver = receiverOf(receptions.get(producer!.id)!.track!)!;
    await eventually(() => receiver.statistics.frames > 10 || `${receiver.statistics.frames} frames`);

    production.setPaused(true);
    await production.replaceTrack(null);
    await production.replaceTrack(track);
    await eventually(() => receiver.isFrozen() || 'frames come'); // Still paused.
    production.setPaused(false);
    const { frames } = receiver.statistics;
    await eventually(() => receiver.statistics.frames > frames || 'no frames');
    await expect(production.replaceTrack(preparedTrack([file]))).rejects.toMatchObject({
      code: 'wrong-state',
    });

    alice.engine.close();
    bob.engine.close();
    expect(receiver.closed).toBe(true);
    expect([alice.lost.mock.calls, bob.lost.mock.calls]).toEqual([[], []]);
    expect(alice.engine.mediaSessionId).toBeUndefined();
  });

  test('data', async () => {
    const alice = await join();
    const bob = await join();
    let producer: types.DataProducer | undefined;
    const data = await alice.engine.publishData(
      { name: 'pulse', maxAgeMs: 200 },
      async (sctpStreamParameters) => {
        producer = await alice.send.produceData({ sctpStreamParameters });
      },
    );
    const consumer = await bob.receive.consumeData({ dataProducerId: producer!.id });
    const received: string[] = [];
    await bob.engine.receive(
      [
        {
          kind: 'data',
          subscriptionId: consumer.id,
          trackId: producer!.id,
          epoch: 1,
          transportId: bob.receive.id,
          started: true,
          sctpStreamParameters: consumer.sctpStreamParameters as SctpStreamParameters,
        },
      ],
      toStream,
      (trackId, payload) => received.push(`${trackId === producer!.id} ${Buffer.from(payload)}`),
    );
    await eventually(() => {
      data.send(Buffer.from('72'));
      return received.length > 0 || 'nothing came';
    });
    expect(received[0]).toBe('true 72');
    expect(data.backlogBytes).toBe(0);
    alice.engine.close();
    bob.engine.close();
    expect(data.backlogBytes).toBe(Number.POSITIVE_INFINITY);
  });

  test('a lost transport is told, once the session is closed no more', async () => {
    const alice = await join();
    await eventually(() => alice.engine.transports.receive?.connected || 'not connected');
    alice.receive.close();
    await eventually(() => alice.lost.mock.calls.length > 0 || 'not told');
    expect(alice.lost.mock.calls[0]![0]).toMatchObject({ code: 'media-lost' });
    alice.engine.close();
    expect(alice.lost).toHaveBeenCalledTimes(1);
  });

  test('a failed announcement is the publisher’s error, and leaves nothing behind', async () => {
    const alice = await join();
    const opus = await prepareMedia({ codec: 'opus', bitrateBps: 32_000, seconds: 2 });
    const refuse = () => Promise.reject(new PlatformError('limit-reached', 'too many'));
    const publishing = alice.engine.publish(preparedTrack([opus]), { source: 'microphone' }, refuse);
    await expect(publishing).rejects.toMatchObject({ code: 'limit-reached' });
    await eventually(() => alice.engine.transports.send?.connected || 'not connected');
    expect(alice.engine.transports.send!.statistics.packetsSent).toBe(0);
    alice.engine.close();
  });
});
