import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ArrivalFeedback } from './arrival-feedback.ts';

/** Reads a feedback packet by the draft: arrival in 250 µs ticks, or undefined, by sequence number. */
function decode(packet: Buffer): Map<number, number | undefined> {
  const base = packet.readUInt16BE(12);
  const count = packet.readUInt16BE(14);
  const symbols: number[] = [];
  let at = 20;
  while (symbols.length < count) {
    const chunk = packet.readUInt16BE(at);
    at += 2;
    if ((chunk & 0x8000) === 0) for (let i = 0; i < (chunk & 0x1fff); i++) symbols.push((chunk >> 13) & 3);
    else for (let shift = 12; shift >= 0; shift -= 2) symbols.push((chunk >> shift) & 3);
  }
  let ticks = packet.readUIntBE(16, 3) * 256;
  const arrivals = new Map<number, number | undefined>();
  for (const [i, symbol] of symbols.slice(0, count).entries()) {
    if (symbol === 0) arrivals.set((base + i) & 0xffff, undefined);
    else {
      ticks += symbol === 1 ? packet[at]! : packet.readInt16BE(at);
      at += symbol;
      arrivals.set((base + i) & 0xffff, ticks);
    }
  }
  expect(packet.length - at).toBeLessThan(4);
  expect((packet.readUInt16BE(2) + 1) * 4).toBe(packet.length);
  return arrivals;
}

test('tells every arrival and every gap, in whatever order they came', () => {
  const arrival = fc.record({
    skip: fc.integer({ min: 1, max: 30 }),
    afterMs: fc.double({ min: 0, max: 90, noNaN: true }),
  });
  const swaps = fc.array(fc.nat({ max: 60 }), { maxLength: 5 });
  fc.assert(
    fc.property(
      fc.nat({ max: 0xffff }),
      fc.array(arrival, { minLength: 1, maxLength: 60 }),
      swaps,
      (first, list, swap) => {
        const sequences: number[] = [];
        let sequence = first;
        for (const { skip } of list) {
          sequences.push(sequence & 0xffff);
          sequence += skip;
        }
        for (const i of swap) {
          if (i + 1 < sequences.length && i > 0) {
            [sequences[i], sequences[i + 1]] = [sequences[i + 1]!, sequences[i]!];
          }
        }
        const feedback = new ArrivalFeedback(1);
        const sent = new Map<number, number>();
        let nowMs = 1000;
        list.forEach(({ afterMs }, i) => {
          nowMs += afterMs;
          feedback.received(sequences[i]!, nowMs);
          sent.set(sequences[i]!, Math.round(nowMs * 4));
        });
        const told = new Map<number, number | undefined>();
        while (feedback.pending) {
          const packet = feedback.take(2);
          if (packet) for (const [number, ticks] of decode(packet)) told.set(number, ticks);
        }
        for (const [number, ticks] of sent) expect(told.get(number)).toBe(ticks);
        expect([...told.values()].filter((ticks) => ticks !== undefined)).toHaveLength(sent.size);
      },
    ),
  );
});

test('a late packet is told after all; nothing new is no packet', () => {
  const feedback = new ArrivalFeedback(1);
  feedback.received(10, 1000);
  feedback.received(12, 1001);
  expect([...decode(feedback.take(2)!)]).toEqual([
    [10, 4000],
    [11, undefined],
    [12, 4004],
  ]);
  expect(feedback.take(2)).toBeUndefined();
  feedback.received(11, 1003);
  expect([...decode(feedback.take(2)!)]).toEqual([
    [11, 4012],
    [12, 4004],
  ]);
});

test('a silence too long for one packet goes into the next', () => {
  const feedback = new ArrivalFeedback(1);
  feedback.received(1, 1000);
  feedback.received(2, 61_000);
  expect([...decode(feedback.take(2)!)]).toEqual([[1, 4000]]);
  expect(feedback.pending).toBe(true);
  expect([...decode(feedback.take(2)!)]).toEqual([[2, 244_000]]);
});
