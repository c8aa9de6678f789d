import { expect, test } from 'vitest';
import { countLine, type LineCount, lostBetween, ratesBetween } from './line-stats.ts';

const zero: LineCount = {
  at: 0,
  sentBytes: 0,
  sentPackets: 0,
  sentLost: 0,
  receivedBytes: 0,
  receivedPackets: 0,
  receivedLost: 0,
  jitterMs: 0,
  rttMs: 0,
};

test.each<
  [
    string,
    Partial<LineCount>,
    { upBps: number; downBps: number; loss: number; lossUp: number; lossDown: number },
  ]
>([
  [
    'nothing lost',
    { sentBytes: 1_000, sentPackets: 10, receivedBytes: 1_000, receivedPackets: 10 },
    { upBps: 8_000, downBps: 8_000, loss: 0, lossUp: 0, lossDown: 0 },
  ],
  [
    'a fifth lost on the way up',
    {
      sentBytes: 1_000,
      sentPackets: 10,
      sentLost: 2,
      receivedBytes: 800,
      receivedPackets: 8,
      receivedLost: 2,
    },
    { upBps: 6_400, downBps: 6_400, loss: 0.2, lossUp: 0.2, lossDown: 0 },
  ],
  [
    'half of that lost on the way down',
    {
      sentBytes: 1_000,
      sentPackets: 10,
      sentLost: 2,
      receivedBytes: 400,
      receivedPackets: 4,
      receivedLost: 6,
    },
    { upBps: 6_400, downBps: 3_200, loss: 0.6, lossUp: 0.2, lossDown: 0.5 },
  ],
  ['nothing sent', {}, { upBps: 0, downBps: 0, loss: 0, lossUp: 0, lossDown: 0 }],
])('%s', (_, counted, expected) => {
  const { upBps, downBps, loss, lossUp, lossDown } = ratesBetween(zero, { ...zero, at: 1_000, ...counted });
  expect({ upBps, downBps }).toEqual({ upBps: expected.upBps, downBps: expected.downBps });
  for (const [rate, value] of Object.entries({ loss, lossUp, lossDown }))
    expect(value).toBeCloseTo(expected[rate as 'loss']);
});

test('counts one kind of media in both reports', () => {
  const report = (...entries: object[]) => new Map(entries.map((entry, i) => [String(i), entry])) as never;
  const count = countLine(
    'video',
    report(
      { type: 'outbound-rtp', kind: 'video', bytesSent: 900, headerBytesSent: 100, packetsSent: 10 },
      { type: 'outbound-rtp', kind: 'audio', bytesSent: 77, packetsSent: 7 },
      { type: 'remote-inbound-rtp', kind: 'video', packetsLost: 1, roundTripTime: 0.02 },
    ),
    report({
      type: 'inbound-rtp',
      kind: 'video',
      bytesReceived: 800,
      packetsReceived: 9,
      packetsLost: 1,
      jitter: 0.004,
    }),
  );
  expect(count).toMatchObject({ sentBytes: 1_000, sentPackets: 10, sentLost: 1, receivedBytes: 800 });
  expect(count).toMatchObject({ receivedPackets: 9, receivedLost: 1, jitterMs: 4, rttMs: 20 });
});

test('what has not come back is lost, and so is all of what was not sent', () => {
  const lost = (sentPackets: number, receivedPackets: number) =>
    lostBetween(zero, { ...zero, sentPackets, receivedPackets });
  expect([lost(100, 95), lost(100, 101), lost(100, 0), lost(0, 0)]).toEqual([0.05, 0, 1, 1]);
});
