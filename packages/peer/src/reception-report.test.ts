import { expect, test } from 'vitest';
import { ReceptionReport } from './reception-report.ts';

test('nothing received is no report', () => {
  expect(new ReceptionReport(1, 90_000).take(0)).toBeUndefined();
});

test('loss: of the interval, and in all; repaired packets are not lost', () => {
  const report = new ReceptionReport(7, 90_000);
  for (const sequence of [0x1fffe, 0x1ffff, 0x20002]) report.received(sequence, 0, 0, false);
  expect(report.take(0)).toMatchObject({
    ssrc: 7,
    fractionLost: Math.floor((2 * 256) / 5),
    cumulativeLost: 2,
    highestSequence: 0x10002,
  });
  report.received(0x20001, 0, 0, true);
  report.received(0x20003, 0, 0, false);
  expect(report.take(0)).toMatchObject({ fractionLost: 0, cumulativeLost: 1 });
  expect(report.lost).toBe(1);
});

test('jitter: none at an even pace, and the pace that RFC 3550 gives it', () => {
  const even = new ReceptionReport(1, 8000);
  for (let i = 0; i < 100; i++) even.received(0x10000 + i, i * 160, i * 20, false);
  expect(even.jitterMs).toBe(0);
  const uneven = new ReceptionReport(1, 8000);
  for (let i = 0; i < 500; i++) uneven.received(0x10000 + i, i * 160, i * 20 + (i % 2) * 10, false);
  expect(uneven.jitterMs).toBeCloseTo(10, 1); // Each transit differs by 10 ms from the one before.
});

test('the timestamp may wrap around without jitter', () => {
  const report = new ReceptionReport(1, 90_000);
  for (let i = 0; i < 50; i++)
    report.received(0x10000 + i, (0xffffe000 + i * 3000) % 0x1_0000_0000, (i * 3000) / 90, false);
  expect(report.jitterMs).toBeLessThan(0.1);
});

test('refers to the last sender report', () => {
  const report = new ReceptionReport(1, 90_000);
  report.received(0x10000, 0, 0, false);
  expect(report.take(0)).toMatchObject({ lastSenderReport: 0, delaySinceLastSenderReport: 0 });
  report.receivedSenderReport(0x1234_5678, 0x9abc_def0, 1000);
  expect(report.take(1500)).toMatchObject({
    lastSenderReport: 0x5678_9abc,
    delaySinceLastSenderReport: 0x8000,
  });
});
