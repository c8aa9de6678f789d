import { expect, test } from 'vitest';
import { bench } from './cascade.ts';
import { canCapture } from './forward/packet-capture.ts';

test('the delay of each hop is told, and that more viewers elsewhere cost the origin nothing', async () => {
  const said: string[] = [];
  const { details, ratio, p50Ms } = await bench.run({
    parameters: { hops: 1, viewers: 4, packets: 50, seconds: 2 },
    say: (line) => said.push(line),
    signal: new AbortController().signal,
  });
  expect(details.pipes).toBe(1);
  expect(ratio).toBeGreaterThan(0.5);
  expect(ratio).toBeLessThan(1.5);
  if (!(await canCapture(() => {}))) return;
  expect(Number(details.hops0P50Ms)).toBeGreaterThan(0);
  expect(p50Ms).toBeLessThan(50); // Less than nothing where the next node was faster than a viewer on the first.
}, 120_000);
