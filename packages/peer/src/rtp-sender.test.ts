import { describe, expect, test } from 'vitest';
import { vp8DescriptorBytes } from './payload-kind.ts';
import { headerExtensions } from './rtp-capabilities.ts';
import {
  findExtension,
  newRtpHeader,
  parseRtp,
  type RtpHeader,
  readUint16,
  readUint32,
} from './rtp-packet.ts';
import { RtpSender } from './rtp-sender.ts';
import { syntheticVp8 } from './synthetic-media.fixture.ts';
import { unixMsFromNtp, wallClockMs } from './wall-clock.ts';

type Sent = RtpHeader & { packet: Buffer };

function sender(sizes = [3000, 10, 10, 10, 2500, 10]) {
  const sent: Sent[] = [];
  let transportSequence = 41;
  const rtp = new RtpSender({
    file: syntheticVp8(sizes, 4),
    mid: 'a1',
    headerExtensions: headerExtensions('video'),
    ssrc: 0xf0000001,
    payloadType: 101,
    rtx: { ssrc: 0xf0000002, payloadType: 102 },
    send: (packet) => {
      const header = newRtpHeader();
      expect(parseRtp(packet, header)).toBe(true);
      sent.push({ ...header, packet: Buffer.from(packet) });
      return true;
    },
    nextTransportSequence: () => ++transportSequence,
  });
  const frame = (timestamp: number, nowMs = 0) => {
    const before = sent.length;
    rtp.beginFrame(timestamp, nowMs);
    rtp.sendFragments(Number.POSITIVE_INFINITY, nowMs);
    return sent.slice(before);
  };
  return { rtp, sent, frame };
}

/** The number of the frame in its file: the fixture's last byte of each. */
const contentOf = ({ packet, payloadEnd }: Sent) => packet[payloadEnd - 1];
const pictureId = ({ packet, payloadStart }: Sent) => readUint16(packet, payloadStart + 2) & 0x7fff;

test('numbers run on through the end of the file', () => {
  const { sent, frame } = sender();
  for (let i = 0; i < 13; i++) frame(i * 3000);
  sent.slice(1).forEach((packet, i) => {
    expect(packet.sequenceNumber).toBe((sent[i]!.sequenceNumber + 1) & 0xffff);
    expect((pictureId(packet) - pictureId(sent[i]!)) & 0x7fff).toBe(sent[i]!.marker ? 1 : 0);
  });
  expect(sent.filter(({ marker }) => marker)).toHaveLength(13);
  expect(sent.filter(({ marker }) => marker).map(contentOf)).toEqual([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0]);
  for (const { packet } of sent) expect(packet.length).toBeLessThanOrEqual(1200);
});

test('stamps the extensions that were announced', () => {
  const { frame } = sender();
  const nowMs = performance.now();
  const [first] = frame(0, nowMs);
  const at = (id: number) => findExtension(first!.packet, first!, id);
  expect(first!.packet.subarray(at(1), at(1) + 2).toString()).toBe('a1');
  expect(readUint16(first!.packet, at(5))).toBe(42);
  const captured = unixMsFromNtp(readUint32(first!.packet, at(10)), readUint32(first!.packet, at(10) + 4));
  expect(captured).toBeCloseTo(wallClockMs(nowMs), 2);
  const seconds = first!.packet.readUIntBE(at(4), 3) / 0x40000;
  expect(seconds).toBeCloseTo((wallClockMs(nowMs) / 1000) % 64, 4);
});

describe('key frame requests', () => {
  test('the next frame is the next key frame of the file; numbers and clock run on', () => {
    const { rtp, frame } = sender();
    frame(0);
    frame(3000);
    rtp.receiveKeyFrameRequest();
    const packets = frame(6000);
    expect(packets.map(contentOf)).toEqual([4, 4, 4]);
    expect(packets[0]!.timestamp).toBe(6000);
    expect(
      packets[0]!.packet[
        packets[0]!.payloadStart + vp8DescriptorBytes(packets[0]!.packet, packets[0]!.payloadStart)
      ]! & 1,
    ).toBe(0);
    rtp.receiveKeyFrameRequest();
    expect(frame(9000).map(contentOf)).toEqual([0, 0, 0]);
    expect(rtp.statistics).toMatchObject({ frames: 4, keyFrames: 3, keyFrameRequests: 2 });
  });
});

describe('NACK', () => {
  test('the packet comes again inside the RTX stream', () => {
    const { rtp, sent, frame } = sender();
    frame(0);
    frame(3000);
    const lost = sent[1]!;
    rtp.receiveNack([lost.sequenceNumber], 100);
    const again = sent.at(-1)!;
    expect(again).toMatchObject({ ssrc: 0xf0000002, payloadType: 102, timestamp: 0, marker: false });
    expect(readUint16(again.packet, again.payloadStart)).toBe(lost.sequenceNumber);
    expect(
      again.packet.subarray(again.payloadStart + 2).equals(lost.packet.subarray(lost.payloadStart)),
    ).toBe(true);
    expect(rtp.statistics).toMatchObject({ retransmitted: 1, notRetransmitted: 0, nacks: 1 });
  });

  test('not twice in a moment, not what was never sent, not what is too old', () => {
    const { rtp, sent, frame } = sender([900, 900]);
    frame(0);
    const { sequenceNumber } = sent[0]!;
    rtp.receiveNack([sequenceNumber, (sequenceNumber + 500) & 0xffff], 100);
    rtp.receiveNack([sequenceNumber], 105);
    expect(rtp.statistics).toMatchObject({ retransmitted: 1, notRetransmitted: 2 });
    rtp.receiveNack([sequenceNumber], 120);
    expect(rtp.statistics.retransmitted).toBe(2);
    for (let i = 1; i <= 1024; i++) frame(i * 3000);
    rtp.receiveNack([sequenceNumber], 40_000);
    expect(rtp.statistics.retransmitted).toBe(2);
  });
});

test('a large frame may go out in parts, and ends before the next begins', () => {
  const { rtp, sent } = sender();
  rtp.beginFrame(0, 0);
  expect(rtp.sendFragments(2, 0)).toBe(false);
  expect(sent).toHaveLength(2);
  rtp.beginFrame(3000, 33);
  expect(sent.map(({ marker }) => marker)).toEqual([false, false, true]);
  expect(rtp.sendFragments(2, 33)).toBe(true);
  expect(sent).toHaveLength(4);
});

describe('reports', () => {
  test('counts, and the clock of the moment', () => {
    const { rtp, frame } = sender();
    expect(rtp.report(0)).toBeUndefined();
    const packets = frame(90_000, 1000);
    const bytes = packets.reduce((sum, { payloadStart, payloadEnd }) => sum + payloadEnd - payloadStart, 0);
    expect(rtp.report(1500)).toMatchObject({ rtpTimestamp: 135_000, packetCount: 3, octetCount: bytes });
  });

  test('the round trip from the other side’s report', () => {
    const { rtp, frame } = sender();
    frame(0, 1000);
    const report = rtp.report(1000);
    if (report?.type !== 'senderReport') throw new Error('no report');
    const lastSenderReport = (((report.ntpSeconds & 0xffff) << 16) | (report.ntpFraction >>> 16)) >>> 0;
    rtp.receiveReport(
      {
        ssrc: rtp.ssrc,
        fractionLost: 64,
        cumulativeLost: 1,
        highestSequence: 1,
        jitter: 0,
        lastSenderReport,
        delaySinceLastSenderReport: 0x8000, // Half a second.
      },
      1580,
    );
    expect(rtp.statistics.fractionLost).toBe(0.25);
    expect(rtp.statistics.rttMs).toBeCloseTo(80, 0);
  });
});
