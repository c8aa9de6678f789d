import { expect, test } from 'vitest';
import { hopDelays } from './hop-delays.ts';

test('each viewer’s copies are matched with their originals; what came before the capture is left out', () => {
  const [publisher, origin, edge, here, there] = [1, 100, 200, 2, 3];
  const packet = (atMs: number, fromPort: number, toPort: number, ssrc: number, timestamp: number) => ({
    ...{ atMs, fromPort, toPort, ssrc, timestamp },
  });
  const packets = [
    packet(0, edge, there, 30, 900),
    packet(1, publisher, origin, 10, 1_000),
    packet(1.25, origin, here, 20, 1_000),
    packet(1.5, publisher, origin, 10, 2_000),
    packet(1.75, edge, there, 30, 1_000),
    packet(2, edge, there, 30, 2_000),
    packet(2, edge, there, 31, 2_000), // Another stream.
  ];
  const viewers = [
    { port: origin, ssrc: 20 },
    { port: edge, ssrc: 30 },
  ];
  expect(hopDelays(packets, { port: origin, ssrc: 10 }, viewers)).toEqual([[0.25], [0.75, 0.5]]);
});
