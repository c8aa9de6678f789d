import { expect, test } from 'vitest';
import { capturedPackets } from './captured-packets.ts';
import { nodeDelays, Streams } from './node-delays.ts';

const [node, alice, bob] = [4_000, 5_001, 5_002];
const camera = { codecs: [], encodings: [{ ssrc: 1, rtx: { ssrc: 2 } }] };
const screen = { codecs: [], encodings: [{ ssrc: 7 }] };
const copy = (ssrc: number) => ({ codecs: [], encodings: [{ ssrc }] });

type Packet = { atUs: number; from: number; to: number; ssrc: number; timestamp: number; type?: number };

/** What tcpdump writes: a header, and a header a packet. */
function pcap(packets: Packet[]): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b23c4d);
  const records = packets.map(({ atUs, from, to, ssrc, timestamp, type = 101 }) => {
    const record = Buffer.alloc(16 + 14 + 20 + 8 + 12 + 5);
    record.writeUInt32LE(1_700_000_000 + Math.floor(atUs / 1e6), 0);
    record.writeUInt32LE((atUs % 1e6) * 1000, 4);
    record.writeUInt32LE(record.length - 16, 8);
    record.set([0x45], 30); // IPv4, 20 bytes of header.
    record.writeUInt16BE(from, 50);
    record.writeUInt16BE(to, 52);
    record.set([0x90, type], 58);
    record.writeUInt32BE(timestamp, 62);
    record.writeUInt32BE(ssrc, 66);
    return record;
  });
  return Buffer.concat([head, ...records]);
}

function delaysOf(packets: Packet[]) {
  const streams = new Streams();
  streams.nodePort = node;
  for (const one of [camera, screen]) streams.publish(one);
  for (const ssrc of [11, 12, 17]) streams.subscribe(copy(ssrc));
  const { first, all } = nodeDelays(capturedPackets(pcap(packets)), streams);
  const inUs = (ms: number[]) => ms.map((one) => Math.round(one * 1000));
  return { first: inUs(first), all: inUs(all) };
}

const original = { atUs: 999_900, from: alice, to: node, ssrc: 1, timestamp: 90 };
const copies = [
  { atUs: 1_000_000, from: node, to: bob, ssrc: 11, timestamp: 90 },
  { atUs: 1_000_020, from: node, to: alice, ssrc: 12, timestamp: 90 },
];

test('each copy is late by the time since its original came, also over a full second', () =>
  expect(delaysOf([original, ...copies])).toEqual({ first: [100], all: [100, 120] }));

test('retransmissions, RTCP and what began before the capture do not count', () =>
  expect(
    delaysOf([
      ...copies.map((one) => ({ ...one, timestamp: 80 })),
      original,
      { ...original, atUs: 999_950, type: 200 },
      { ...original, atUs: 999_960, ssrc: 2 },
      { ...copies[0]!, ssrc: 99 },
      ...copies,
    ]),
  ).toEqual({ first: [100], all: [100, 120] }));

test('two streams with the same time stamp are not told apart', () =>
  expect(delaysOf([original, { ...original, ssrc: 7 }, ...copies])).toEqual({ first: [], all: [] }));

test('a capture that was cut off ends with its last whole packet', () => {
  const whole = pcap([original, ...copies]);
  expect([...capturedPackets(whole.subarray(0, -3))]).toHaveLength(2);
});
