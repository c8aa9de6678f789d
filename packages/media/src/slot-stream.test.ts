import { seededRandom, withSeed } from '@weir/testing';
import { expect, test } from 'vitest';
import { hasMarker, sequenceNumber, timestamp } from './rtp-header.ts';
import { rtpPacket } from './rtp-packets.fixture.ts';
import { SlotStream } from './slot-stream.ts';

const frame = 960; // 20 ms at 48 kHz.
const options = { ssrc: 7, payloadType: 100, clockRate: 48_000 };

/** Feeds [sequence number, timestamp] of a source; answers [sequence number, timestamp, marker] of the slot. */
function feed(stream: SlotStream, packets: [number, number][], startMs: number, stepMs = 20) {
  return packets.map(([s, t], i) => {
    const out = stream.next(rtpPacket({ sequenceNumber: s, timestamp: t }), startMs + i * stepMs);
    return out && [sequenceNumber(out), timestamp(out), hasMarker(out)];
  });
}
const run = (sequence: number, time: number, count: number): [number, number][] =>
  Array.from({ length: count }, (_, i) => [(sequence + i) & 0xffff, (time + i * frame) >>> 0]);

test('two sources one after the other are one stream: no gap in numbers, time as it passed, a marker each', () => {
  const stream = new SlotStream({ ...options, firstSequenceNumber: 10, firstTimestamp: 1_000 });
  expect(feed(stream, run(500, 77_000, 3), 0)).toEqual([
    [10, 1_000, true],
    [11, 1_960, false],
    [12, 2_920, false],
  ]);
  stream.begin();
  expect(feed(stream, run(9_000, 5, 2), 1_040)).toEqual([
    [13, 2_920 + 48_000, true], // The last left at 40 ms.
    [14, 2_920 + 48_960, false],
  ]);
});

test('a source that is replayed at once keeps its own pace, and the next begins a frame later at least', () => {
  const stream = new SlotStream({ ...options, firstSequenceNumber: 0, firstTimestamp: 0 });
  expect(feed(stream, run(1, 1, 3), 0, 0).map((p) => p![1])).toEqual([0, 960, 1_920]);
  stream.begin();
  expect(feed(stream, run(1, 1, 1), 0)).toEqual([[3, 2_880, true]]);
});

// RFC 3550 §5.1: both numbers wrap around, the source's and ours at different moments.
test.each([
  ['ours', 0xfffe, 0xffff_ffff - frame, 5, 5],
  ["the source's", 5, 5, 0xfffe, 0xffff_ffff - frame],
  ['both', 0xffff, 0xffff_fff0, 0xfffe, 0xffff_fff0],
] as const)('numbers wrap around: %s', (_, firstSequenceNumber, firstTimestamp, sequence, time) => {
  const stream = new SlotStream({ ...options, firstSequenceNumber, firstTimestamp });
  const expected = run(firstSequenceNumber, firstTimestamp, 5).map(([s, t], i) => [s, t, i === 0]);
  expect(feed(stream, run(sequence, time, 5), 0)).toEqual(expected);
});

test('a spurt longer than the numbers last goes on', () => {
  const stream = new SlotStream({ ...options, firstSequenceNumber: 0, firstTimestamp: 0 });
  for (let i = 0; i < 70_000; i++) {
    const packet = rtpPacket({ sequenceNumber: i + 40_000, timestamp: i * frame });
    if (sequenceNumber(stream.next(packet, i * 20)!) !== (i & 0xffff)) throw new Error(`packet ${i}`);
  }
});

test('losses and reordering of the source stay; what is from before the spurt does not come', () => {
  const stream = new SlotStream({ ...options, firstSequenceNumber: 100, firstTimestamp: 0 });
  const packets: [number, number][] = [
    [10, 0],
    [13, 3 * frame],
    [12, 2 * frame],
    [9, -frame],
    [14, 4 * frame],
  ];
  expect(feed(stream, packets, 0).map((p) => p?.slice(0, 2))).toEqual([
    [100, 0],
    [103, 3 * frame],
    [102, 2 * frame],
    undefined,
    [104, 4 * frame],
  ]);
  stream.begin();
  expect(feed(stream, [[500, 0]], 200)[0]![0]).toBe(105);
});

test(
  'whatever sources come, each number is given once and time never runs back between spurts',
  withSeed((seed) => {
    const random = seededRandom(seed);
    const stream = new SlotStream(options);
    const seen = new Set<number>();
    let nowMs = 0;
    let newest: number | undefined;
    for (let spurt = 0; spurt < 200; spurt++) {
      stream.begin();
      let sequence = Math.floor(random() * 0x1_0000);
      let time = Math.floor(random() * 0x1_0000_0000);
      for (let i = 0, count = 1 + Math.floor(random() * 60); i < count; i++) {
        const out = stream.next(rtpPacket({ sequenceNumber: sequence, timestamp: time }), nowMs)!;
        const ahead = newest === undefined ? 1 : (timestamp(out) - newest) | 0;
        expect(ahead).toBeGreaterThan(0);
        newest = timestamp(out);
        expect(seen.has(sequenceNumber(out))).toBe(false);
        seen.add(sequenceNumber(out));
        const lost = random() < 0.05 ? 1 : 0;
        sequence = (sequence + 1 + lost) & 0xffff;
        time += (1 + lost) * frame;
        nowMs += random() < 0.2 ? 0 : 20;
      }
      nowMs += Math.floor(random() * 3_000);
    }
  }),
);
