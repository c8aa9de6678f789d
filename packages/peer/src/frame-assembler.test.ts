import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameAssembler } from './frame-assembler.ts';
import { frameStart, keyFrameStart } from './payload-kind.ts';

type Packet = { sequence: number; timestamp: number; marker: boolean; kind: number };

/** Frames of 1, 2, 3, 1, … packets with a key frame each five. */
function stream(frames: number): Packet[] {
  const packets: Packet[] = [];
  for (let frame = 0; frame < frames; frame++) {
    const count = 1 + (frame % 3);
    for (let i = 0; i < count; i++) {
      const kind = i > 0 ? 0 : frame % 5 === 0 ? frameStart | keyFrameStart : frameStart;
      packets.push({ sequence: 70_000 + packets.length, timestamp: frame, marker: i === count - 1, kind });
    }
  }
  return packets;
}

function assembler(showsKeyFrames = true) {
  const frames: number[] = [];
  const assembler = new FrameAssembler(showsKeyFrames, ({ timestamp }) => frames.push(timestamp));
  const add = (p: Packet) => assembler.add(p.sequence, p.timestamp, p.marker, p.kind, 100);
  return { assembler, frames, add };
}

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

test('counts frames in order, whatever the order of their packets', () => {
  const shuffled = fc.array(fc.nat({ max: 12 }), { minLength: 60, maxLength: 60 });
  fc.assert(
    fc.property(shuffled, (delays) => {
      const packets = stream(30).slice(1); // Its first packet comes first: before it there is nothing to wait for.
      const { frames, add } = assembler();
      add(stream(30)[0]!);
      for (const [p] of packets.map((p, i) => [p, i + delays[i]!] as const).sort((a, b) => a[1] - b[1]))
        add(p);
      expect(frames).toEqual(upTo(30));
    }),
  );
});

test('duplicates change nothing', () => {
  const { frames, add } = assembler();
  for (const p of stream(10)) {
    add(p);
    add(p);
  }
  expect(frames).toEqual(upTo(10));
});

describe('after a loss', () => {
  test('waits for the lost packet, then for a key frame', () => {
    const { assembler: a, frames, add } = assembler();
    const packets = stream(12);
    const lost = packets.find(({ timestamp }) => timestamp === 2)!;
    for (const p of packets) if (p !== lost) add(p);
    expect(frames).toEqual([0, 1]);
    expect(a.waitsForKeyFrame).toBe(false);
    a.skipTo(lost.sequence + 1);
    expect(frames).toEqual([0, 1, 5, 6, 7, 8, 9, 10, 11]);
    expect(a.dropped).toBe(3);
    add(lost); // Too late.
    expect(frames).toHaveLength(9);
  });

  test('a stream that begins without a key frame waits for one', () => {
    const { assembler: a, frames, add } = assembler();
    for (const p of stream(7).slice(2)) {
      add(p);
      if (p.timestamp < 5) expect(a.waitsForKeyFrame).toBe(true);
    }
    expect(frames).toEqual([5, 6]);
  });

  test('a codec whose key frames it cannot see goes on with the next frame', () => {
    const { assembler: a, frames, add } = assembler(false);
    const packets = stream(6);
    const lost = packets.find(({ timestamp }) => timestamp === 2)!;
    for (const p of packets) if (p !== lost) add({ ...p, kind: 0 });
    a.skipTo(lost.sequence + 1);
    expect(frames.slice(0, 2)).toEqual([0, 1]);
    expect(frames.slice(-2)).toEqual([4, 5]);
  });
});

test('a gap wider than its window is given up', () => {
  const { assembler: a, frames, add } = assembler();
  const packets = stream(1500);
  for (const p of packets) if (p !== packets[7]) add(p);
  expect(frames.at(-1)).toBe(1499);
  expect(a.dropped).toBeGreaterThan(0);
  expect(frames.length + a.dropped).toBe(1500);
});
