import { expect, test } from 'vitest';
import { bench } from './join.ts';

test('pages join near and far, fresh and prepared, and every step is seen in its order', async () => {
  const said: string[] = [];
  const result = await bench.run({
    parameters: { joins: 1 },
    say: (line) => said.push(line),
    signal: new AbortController().signal,
  });
  for (const one of ['loopback.fresh', 'loopback.prepared', 'rtt100.fresh', 'rtt100.prepared']) {
    const at = (figure: string) => Number(result.details[`${one}.${figure}`]);
    expect([at('joins'), at('failed')]).toEqual([1, 0]);
    const order = ['seatedMs', 'claimingMs', 'joinedMs', 'describedMs', 'frameMs'].map(at);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(at('iceMs')).toBeLessThan(at('dtlsMs'));
  }
  // Socket, join, ICE, DTLS and a frame on its way: no join over that distance is faster.
  expect(Number(result.details['rtt100.prepared.frameMs'])).toBeGreaterThan(550);
  expect(said.join('\n')).toContain('RTTs fresh');
}, 180_000);
