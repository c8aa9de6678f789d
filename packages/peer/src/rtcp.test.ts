import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildRtcp, parseRtcp, type RtcpPacket } from './rtcp.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('wire format', () => {
  const rows: [string, RtcpPacket, string][] = [
    ['PLI', { type: 'pictureLoss', senderSsrc: 1, mediaSsrc: 2 }, '81ce0002 00000001 00000002'],
    [
      'NACK of a number and two that follow',
      { type: 'nack', senderSsrc: 1, mediaSsrc: 2, sequenceNumbers: [0x10, 0x11, 0x20] },
      '81cd0003 00000001 00000002 0010 8001',
    ],
    [
      'NACK across the wrap-around',
      { type: 'nack', senderSsrc: 1, mediaSsrc: 2, sequenceNumbers: [0xffff, 0, 0x11] },
      '81cd0004 00000001 00000002 ffff 0001 0011 0000',
    ],
    [
      'FIR',
      { type: 'fullIntraRequest', senderSsrc: 1, ssrc: 2, command: 3 },
      '84ce0004 00000001 00000000 00000002 03000000',
    ],
    ['SDES', { type: 'sourceDescription', ssrc: 5, cname: 'ab' }, '81ca0003 00000005 01026162 00000000'],
    ['BYE', { type: 'goodbye', ssrcs: [7, 8] }, '82cb0002 00000007 00000008'],
    [
      'REMB of 1 Mbit/s',
      { type: 'bitrateEstimate', senderSsrc: 1, bitrateBps: 1_000_000, ssrcs: [9] },
      '8fce0005 00000001 00000000 52454d42 010bd090 00000009',
    ],
    [
      'RR',
      {
        type: 'receiverReport',
        ssrc: 1,
        reports: [
          {
            ssrc: 2,
            fractionLost: 128,
            cumulativeLost: -2,
            highestSequence: 0x1_0005,
            jitter: 6,
            lastSenderReport: 7,
            delaySinceLastSenderReport: 8,
          },
        ],
      },
      '81c90007 00000001 00000002 80fffffe 00010005 00000006 00000007 00000008',
    ],
  ];
  test.each(rows)('%s', (_, packet, wire) => {
    expect(buildRtcp([packet]).toString('hex')).toBe(hex(wire).toString('hex'));
    expect(parseRtcp(hex(wire))).toEqual([packet]);
  });
});

const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const report = fc.record({
  ssrc: uint32,
  fractionLost: fc.integer({ min: 0, max: 255 }),
  cumulativeLost: fc.integer({ min: -0x800000, max: 0x7fffff }),
  highestSequence: uint32,
  jitter: uint32,
  lastSenderReport: uint32,
  delaySinceLastSenderReport: uint32,
});
const reports = fc.array(report, { maxLength: 31 });
const risingNumbers = fc
  .tuple(fc.integer({ min: 0, max: 0xffff }), fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 30 }))
  .map(([first, steps]) => {
    const numbers = [first];
    for (const step of steps) numbers.push((numbers.at(-1)! + step) & 0xffff);
    return numbers;
  });
const packet: fc.Arbitrary<RtcpPacket> = fc.oneof(
  fc.record({
    type: fc.constant('senderReport' as const),
    ssrc: uint32,
    ntpSeconds: uint32,
    ntpFraction: uint32,
    rtpTimestamp: uint32,
    packetCount: uint32,
    octetCount: uint32,
    reports,
  }),
  fc.record({ type: fc.constant('receiverReport' as const), ssrc: uint32, reports }),
  fc.record({
    type: fc.constant('sourceDescription' as const),
    ssrc: uint32,
    cname: fc.string({ minLength: 1, maxLength: 60 }),
  }),
  fc.record({
    type: fc.constant('nack' as const),
    senderSsrc: uint32,
    mediaSsrc: uint32,
    sequenceNumbers: risingNumbers,
  }),
  fc.record({ type: fc.constant('pictureLoss' as const), senderSsrc: uint32, mediaSsrc: uint32 }),
);

test('what is built is read back, in compounds too', () => {
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 6 }), (packets) => {
      expect(parseRtcp(buildRtcp(packets))).toEqual(packets);
    }),
  );
});

test('any bytes are read without an error', () => {
  fc.assert(
    fc.property(
      fc.array(packet, { maxLength: 3 }),
      fc.array(fc.nat(), { maxLength: 8 }),
      (packets, places) => {
        const bytes = buildRtcp(packets);
        for (const place of places) if (bytes.length > 0) bytes[place % bytes.length] = place >>> 8;
        parseRtcp(bytes.subarray(0, bytes.length - ((places[0] ?? 0) % 8)));
        parseRtcp(Uint8Array.from(places));
      },
    ),
    { numRuns: 500 },
  );
});
