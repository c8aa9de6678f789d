import { canStartFleet } from '@weir/cli/testing';
import { expect, test } from 'vitest';
import { bench } from './failover.ts';

test.skipIf(!canStartFleet)(
  'the loss of nodes is measured over all subscriptions, and all flow again',
  async () => {
    const said: string[] = [];
    const { details, p95Ms } = await bench.run({
      parameters: { few: 4 },
      say: (line) => said.push(line),
      signal: new AbortController().signal,
    });
    expect(said.join('\n')).toMatch(/media node cut off +4 +12 of 12/);
    expect(p95Ms).toBeGreaterThan(50);
    expect(details['media node killed 4 P95 ms']).toBeGreaterThan(50);
  },
  240_000,
);
