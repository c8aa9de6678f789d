import { eventually } from '@weir/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { RtcpPacket } from './rtcp.ts';
import { headerExtensions } from './rtp-capabilities.ts';
import { newRtpHeader, parseRtp } from './rtp-packet.ts';
import { RtpReceiver } from './rtp-receiver.ts';
import { RtpSender } from './rtp-sender.ts';
import { syntheticVp8 } from './synthetic-media.fixture.ts';

/** A sender and a receiver with a wire between them that loses the packets that `loses` names. */
function wire(loses: (ssrc: number, nth: number) => boolean, options: { nack?: boolean } = {}) {
  const { nack = true } = options;
  const feedback: RtcpPacket[] = [];
  const extensions = headerExtensions('video');
  const receiver = new RtpReceiver(
    {
      codecs: [
        {
          mimeType: 'video/VP8',
          payloadType: 101,
          clockRate: 90_000,
          rtcpFeedback: nack ? [{ type: 'nack' }] : [],
        },
      ],
      headerExtensions: extensions,
      encodings: [{ ssrc: 1, rtx: { ssrc: 2 } }],
    },
    99,
    (packets) => {
      feedback.push(...packets);
      for (const packet of packets) {
        if (packet.type === 'nack') sender.receiveNack(packet.sequenceNumbers, performance.now());
        if (packet.type === 'pictureLoss') sender.receiveKeyFrameRequest();
      }
    },
  );
  onTestFinished(() => receiver.close());
  const header = newRtpHeader();
  const counts = [0, 0, 0];
  const sender = new RtpSender({
    file: syntheticVp8([3000, ...new Array<number>(39).fill(1500)], 40),
    mid: '0',
    headerExtensions: extensions,
    ssrc: 1,
    payloadType: 101,
    rtx: { ssrc: 2, payloadType: 102 },
    nextTransportSequence: () => 0,
    send: (packet) => {
      parseRtp(packet, header);
      const nth = counts[header.ssrc]!++;
      if (loses(header.ssrc, nth)) return true;
      if (header.ssrc === 1) receiver.receive(packet, header, performance.now());
      else receiver.receiveRtx(packet, header, performance.now());
      return true;
    },
  });
  let frames = 0;
  const send = (count: number) => {
    for (let i = 0; i < count; i++) {
      const nowMs = performance.now();
      sender.beginFrame(frames++ * 3000, nowMs);
      sender.sendFragments(Number.POSITIVE_INFINITY, nowMs);
    }
  };
  return { receiver, sender, feedback, send };
}

test('without loss every frame is whole, and nothing is asked for', () => {
  const { receiver, feedback, send } = wire(() => false);
  const seen: boolean[] = [];
  receiver.onFrame = ({ keyFrame, delayMs }) => {
    seen.push(keyFrame);
    expect(delayMs).toBeLessThan(100);
  };
  send(45);
  expect(seen.flatMap((keyFrame, i) => (keyFrame ? [i] : []))).toEqual([0, 40]);
  expect(receiver.statistics).toMatchObject({ frames: 45, keyFrames: 2, lost: 0, width: 320, height: 180 });
  expect(feedback).toEqual([]);
});

test('lost packets are asked for and every frame comes after all', async () => {
  const { receiver, sender, send } = wire((ssrc, nth) => ssrc === 1 && nth > 3 && nth < 100 && nth % 5 === 0);
  send(60);
  await eventually(() => receiver.statistics.frames === 60 || `${receiver.statistics.frames} frames`);
  expect(receiver.statistics).toMatchObject({ repaired: 19, lost: 0, framesDropped: 0, keyFrameRequests: 0 });
  expect(sender.statistics.retransmitted).toBe(receiver.statistics.repaired);
});

test('a lost repetition is asked for again', async () => {
  const { receiver, send } = wire((ssrc, nth) => (ssrc === 1 ? nth === 10 : nth < 2));
  send(20);
  await eventually(() => receiver.statistics.frames === 20 || `${receiver.statistics.frames} frames`);
  expect(receiver.statistics).toMatchObject({ repaired: 1, nacks: 3, lost: 0 });
});

test('what never comes is given up, and a key frame asked for', async () => {
  const { receiver, feedback, send } = wire((ssrc, nth) => ssrc === 2 || nth === 10);
  send(20);
  await eventually(() => receiver.statistics.keyFrameRequests > 0 || 'no key frame asked for');
  const { frames, framesDropped } = receiver.statistics;
  expect(frames + framesDropped).toBe(20);
  expect(framesDropped).toBeGreaterThan(10);
  send(5);
  expect(receiver.statistics.frames).toBe(frames + 5);
  expect(feedback.filter(({ type }) => type === 'pictureLoss')).toHaveLength(1);
});

test('without NACK a loss asks for a key frame at once', async () => {
  const { receiver, send } = wire((ssrc, nth) => ssrc === 1 && nth === 10, { nack: false });
  send(20);
  await eventually(() => receiver.statistics.keyFrameRequests > 0 || 'no key frame asked for');
  expect(receiver.statistics.nacks).toBe(0);
});

test('a stream joined in the middle asks for a key frame', async () => {
  const { receiver, send } = wire((ssrc, nth) => ssrc === 1 && nth < 8);
  send(10);
  expect(receiver.statistics.frames).toBe(0);
  await eventually(() => receiver.statistics.keyFrameRequests === 1 || 'no key frame asked for');
  send(3);
  expect(receiver.statistics).toMatchObject({ frames: 3, keyFrames: 1 });
});

test('a gap that a viewer notices is a freeze, unless it was expected', async () => {
  const { receiver, send } = wire(() => false);
  const pause = () => new Promise((resolve) => setTimeout(resolve, 550));
  send(2);
  await pause();
  expect(receiver.isFrozen()).toBe(true);
  send(1);
  expect(receiver.isFrozen()).toBe(false);
  expect(receiver.statistics.freezes).toBe(1);
  expect(receiver.statistics.frozenMs).toBeGreaterThan(500);
  receiver.expectGap();
  await pause();
  send(1);
  expect(receiver.statistics.freezes).toBe(1);
});
