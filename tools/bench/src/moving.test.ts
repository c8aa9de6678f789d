import { canMakeNamespaces } from '@weir/testing';
import { expect, test } from 'vitest';
import { bench } from './moving.ts';

test.skipIf(!(await canMakeNamespaces()))(
  '[B8] the network changes under a call, is gone or asleep for longer than the server waits: it goes on, nobody joins anew',
  async () => {
    const said: string[] = [];
    const { details } = await bench.run({
      parameters: { rounds: 1, awaySeconds: 12 },
      say: (line) => said.push(line),
      signal: new AbortController().signal,
    });
    console.log(said.join('\n'));
    expect(details.rejoins).toBe(0);
    // The browser would have sent into the dead path for seconds: another connection sends.
    expect(Number(details['overlap.renewed'])).toBeGreaterThan(0);
    // Each leg has ended with picture and sound both ways. That they were gone, too, shows that the leg was travelled.
    expect(Number(details['no-overlap.videoMs'])).toBeGreaterThan(900);
    for (const figure of ['videoMs', 'audioMs', 'sentVideoMs'])
      expect(Number(details[`interface-down.${figure}`])).toBeGreaterThan(11_000);
  },
  400_000,
);
