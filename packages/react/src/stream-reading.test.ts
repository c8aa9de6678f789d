import { expect, test } from 'vitest';
import { readingBetween, streamCounters } from './stream-reading.ts';

type Numbers = Record<string, unknown>;
const report = (...stats: Numbers[]) => stats.map((one) => [String(one.id), one] as const);
const path = [
  { id: 'T', type: 'transport', selectedCandidatePairId: 'P' },
  {
    id: 'P',
    type: 'candidate-pair',
    currentRoundTripTime: 0.04,
    localCandidateId: 'L',
    remoteCandidateId: 'R',
  },
  { id: 'L', type: 'local-candidate', candidateType: 'host', protocol: 'udp' },
  { id: 'R', type: 'remote-candidate', candidateType: 'host', protocol: 'udp' },
  { id: 'C', type: 'codec', mimeType: 'video/VP8' },
];
const picture = (at: number, numbers: Numbers) =>
  streamCounters(
    report(
      {
        id: 'I',
        type: 'inbound-rtp',
        kind: 'video',
        transportId: 'T',
        codecId: 'C',
        timestamp: at,
        ...numbers,
      },
      ...path,
    ),
  )!;

test('a picture that is received', () => {
  const before = picture(1_000, { bytesReceived: 10_000, packetsReceived: 100, packetsLost: 4 });
  const after = picture(3_000, {
    bytesReceived: 260_000,
    packetsReceived: 280,
    packetsLost: 24,
    jitter: 0.012,
    frameWidth: 640,
    frameHeight: 360,
    framesPerSecond: 24,
    totalFreezesDuration: 0.5,
  });
  expect(readingBetween(before, after)).toEqual({
    direction: 'in',
    kind: 'video',
    bitrateBps: 1_000_000,
    lossRatio: 0.1,
    jitterMs: 12,
    roundTripMs: 40,
    width: 640,
    height: 360,
    framesPerSecond: 24,
    frozenRatio: 0.25,
    codec: 'VP8',
    path: 'direct udp',
  });
});

test('sound that is received: silence that was made up is no fault', () => {
  const sound = (at: number, numbers: Numbers) =>
    streamCounters(report({ id: 'I', type: 'inbound-rtp', kind: 'audio', timestamp: at, ...numbers }))!;
  const before = sound(0, { totalSamplesReceived: 0 });
  const after = sound(1_000, {
    totalSamplesReceived: 48_000,
    concealedSamples: 9_600,
    silentConcealedSamples: 4_800,
  });
  expect(readingBetween(before, after)?.concealedRatio).toBeCloseTo(0.1);
});

test('a picture that is sent in layers: the sum of the bits, the size of the largest', () => {
  const sent = (at: number, bytes: number, packets: number, lost: number) =>
    streamCounters(
      report(
        {
          id: 'a',
          type: 'outbound-rtp',
          kind: 'video',
          timestamp: at,
          bytesSent: bytes,
          packetsSent: packets,
          frameHeight: 180,
        },
        {
          id: 'b',
          type: 'outbound-rtp',
          kind: 'video',
          timestamp: at,
          transportId: 'T',
          bytesSent: bytes,
          packetsSent: packets,
          frameHeight: 720,
          qualityLimitationReason: 'bandwidth',
        },
        { id: 'r', type: 'remote-inbound-rtp', packetsLost: lost, roundTripTime: 0.2, jitter: 0.03 },
        ...path.map((one) =>
          one.id === 'L' ? { ...one, candidateType: 'relay', relayProtocol: 'tls' } : one,
        ),
      ),
    )!;
  expect(readingBetween(sent(0, 0, 0, 0), sent(2_000, 25_000, 100, 10))).toMatchObject({
    direction: 'out',
    bitrateBps: 200_000,
    lossRatio: 0.05,
    height: 720,
    roundTripMs: 200,
    jitterMs: 30,
    encoderLimit: 'bandwidth',
    path: 'relay tls',
  });
});

test('nothing can be said of a stream that began anew, or right after the look before', () => {
  const [early, late] = [picture(0, { packetsReceived: 500 }), picture(2_000, { packetsReceived: 3 })];
  expect(readingBetween(early, late)).toBeUndefined();
  expect(readingBetween(early, picture(100, { packetsReceived: 510 }))).toBeUndefined();
  expect(streamCounters(report(...path))).toBeUndefined();
});
