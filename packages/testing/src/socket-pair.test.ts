import { expect, test } from 'vitest';
import { FakeClock } from './fake-clock.ts';
import { withSeed } from './seeded-random.ts';
import { type Fate, type SocketPairOptions, socketPair } from './socket-pair.ts';

/** What the server has heard after the client sent 0 … count - 1, one each `gapMs`. */
async function heard(options: SocketPairOptions, count: number, gapMs = 0): Promise<number[]> {
  const clock = new FakeClock(0);
  const pair = socketPair({ clock, ...options });
  const got: number[] = [];
  pair.server.onMessage((text) => got.push(Number(text)));
  for (let i = 0; i < count; i++) {
    pair.client.send(String(i));
    await clock.advance(gapMs);
  }
  await clock.advance(1000);
  return got;
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

test(
  'without faults all messages arrive in order, whatever their delays',
  withSeed(async (seed) => {
    expect(await heard({ seed, delayMs: [0, 50] }, 200, 1)).toEqual(upTo(200));
  }),
);

test(
  'the same seed gives the same faults',
  withSeed(async (seed) => {
    const options = { seed, drop: 0.2, duplicate: 0.2, reorder: 0.2, delayMs: [0, 20] as [number, number] };
    const first = await heard(options, 200, 1);
    expect(await heard(options, 200, 1)).toEqual(first);
    expect(await heard({ ...options, seed: seed + 1 }, 200, 1)).not.toEqual(first);
  }),
);

test(
  'each fault comes about as often as asked, and does not shift the others',
  withSeed(async (seed) => {
    const dropped = await heard({ seed, drop: 0.3 }, 1000);
    expect(Math.abs(1000 - dropped.length - 300)).toBeLessThan(75); // Five standard deviations.
    const both = await heard({ seed, drop: 0.3, duplicate: 0.5 }, 1000);
    expect([...new Set(both)]).toEqual(dropped);
    expect(Math.abs(both.length / dropped.length - 1.5)).toBeLessThan(0.1);
    const reordered = await heard({ seed, reorder: 0.1, delayMs: [0, 2] }, 300, 1);
    expect(reordered.toSorted((a, b) => a - b)).toEqual(upTo(300));
    expect(reordered).not.toEqual(upTo(300));
  }),
);

test.each<[Fate, number[]]>([
  ['deliver', [0, 1, 2, 3]],
  ['drop', [0, 1, 3]],
  ['duplicate', [0, 1, 2, 2, 3]],
  ['cut', []], // Sent in one breath: what was under way is lost too.
  [{ delayMs: 30 }, [0, 1, 2, 3]],
])('the script decides on one message: %j', async (fate, expected) => {
  const clock = new FakeClock(0);
  const seen: string[] = [];
  const pair = socketPair({
    seed: 1,
    clock,
    script: (direction, index, text) => {
      seen.push(`${direction} ${index} ${text}`);
      return index === 2 ? fate : undefined;
    },
  });
  const got: number[] = [];
  pair.server.onMessage((text) => got.push(Number(text)));
  const sendAll = () => {
    for (const i of upTo(4)) pair.client.send(String(i));
  };
  if (fate === 'cut') expect(sendAll).toThrow(/closed/);
  else sendAll();
  await clock.advance(29);
  expect(got).toEqual(typeof fate === 'object' ? [0, 1] : expected);
  await clock.advance(1);
  expect(got).toEqual(expected);
  expect(seen.slice(0, 3)).toEqual(['up 0 0', 'up 1 1', 'up 2 2']);
});

test('a cut tells both ends with 1006 and loses what is under way', async () => {
  const clock = new FakeClock(0);
  const pair = socketPair({ seed: 1, clock, delayMs: [10, 10] });
  const events: unknown[] = [];
  pair.client.onClose((code) => events.push(['client', code]));
  pair.server.onClose((code) => events.push(['server', code]));
  pair.server.onMessage((text) => events.push(text));
  pair.client.send('lost');
  await clock.advance(5);
  pair.cut();
  pair.cut();
  expect(() => pair.client.send('after')).toThrow(/closed/);
  await clock.advance(50);
  expect(events).toEqual([
    ['client', 1006],
    ['server', 1006],
  ]);
});

test('silence loses everything and tells nobody', async () => {
  const clock = new FakeClock(0);
  const pair = socketPair({ seed: 1, clock, delayMs: [10, 10] });
  const events: unknown[] = [];
  pair.server.onMessage((text) => events.push(text));
  pair.server.onClose((code) => events.push(code));
  pair.client.send('under way');
  pair.silence();
  pair.client.send('later');
  pair.client.close(1000, 'bye');
  await clock.advance(1000);
  expect(events).toEqual([]);
  expect(pair.sent).toEqual({ up: 2, down: 0 });
});

test('a close reaches the other end after the messages sent before it, and each end once', async () => {
  const clock = new FakeClock(0);
  const pair = socketPair({ seed: 3, clock, delayMs: [0, 30] });
  const events: unknown[] = [];
  pair.server.onMessage((text) => events.push(text));
  pair.server.onClose((code, reason) => {
    events.push([code, reason]);
    pair.server.close(1000, 'answer');
  });
  pair.client.onClose((code) => events.push(`client ${code}`));
  pair.client.send('a');
  pair.client.send('b');
  pair.client.close(4000, 'done');
  await clock.advance(200);
  expect(events).toEqual(['client 4000', 'a', 'b', [4000, 'done']]);
});

test('messages wait for the first listener', async () => {
  const clock = new FakeClock(0);
  const pair = socketPair({ seed: 1, clock });
  pair.client.send('early');
  await clock.advance(0);
  const got: string[] = [];
  pair.server.onMessage((text) => got.push(text));
  expect(got).toEqual(['early']);
});
