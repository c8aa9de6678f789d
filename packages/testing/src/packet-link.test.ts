import { expect, test } from 'vitest';
import { FakeClock } from './fake-clock.ts';
import { ImpairedPath, type Impairment } from './impairment.ts';
import { PacketLink } from './packet-link.ts';
import { withSeed } from './seeded-random.ts';

type Arrival = { index: number; afterMs: number };

/** Sends `count` packets of `bytes`, one each `gapMs`; `at` changes the path on the way. */
async function run(
  seed: number,
  impairment: Impairment,
  { count = 1000, gapMs = 1, bytes = 1000, at = (_index: number, _path: ImpairedPath) => {} } = {},
) {
  const clock = new FakeClock(0);
  const path = new ImpairedPath(impairment, clock.now());
  const sentAt: number[] = [];
  const arrivals: Arrival[] = [];
  const link = new PacketLink(path, seed, clock, (packet) => {
    const index = Buffer.from(packet).readUInt32BE();
    arrivals.push({ index, afterMs: clock.now() - sentAt[index]! });
  });
  for (let index = 0; index < count; index++) {
    at(index, path);
    const packet = Buffer.alloc(bytes);
    packet.writeUInt32BE(index);
    sentAt.push(clock.now());
    link.send(packet);
    await clock.advance(gapMs);
  }
  await clock.advance(60_000);
  return { arrivals, counters: path.counters, order: arrivals.map(({ index }) => index) };
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
const mean = (numbers: number[]) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;

test('a perfect path delivers all at once and in order', async () => {
  const { arrivals, counters } = await run(1, {}, { count: 5 });
  expect(arrivals).toEqual(upTo(5).map((index) => ({ index, afterMs: 0 })));
  expect(counters).toMatchObject({ received: 5, forwarded: 5, forwardedBytes: 5000 });
});

test(
  'the same seed loses the same packets, and another effect does not change which',
  withSeed(async (seed) => {
    const { order, counters } = await run(seed, { lossRate: 0.1 });
    expect(Math.abs(counters.dropped.loss - 100)).toBeLessThan(48); // Five standard deviations.
    expect(order.length + counters.dropped.loss).toBe(1000);
    expect((await run(seed, { lossRate: 0.1 })).order).toEqual(order);
    const jittery = await run(seed, { lossRate: 0.1, jitterMs: 5, delayMs: 10, duplicateRate: 0.2 });
    expect([...new Set(jittery.order)]).toEqual(order);
    expect((await run(seed + 1, { lossRate: 0.1 })).order).not.toEqual(order);
  }),
);

test(
  'burst loss comes in bursts of the asked length',
  withSeed(async (seed) => {
    const { order } = await run(seed, { burstLoss: { enterRate: 0.02, leaveRate: 0.2 } }, { count: 10_000 });
    const gaps = order.slice(1).flatMap((index, i) => (index - order[i]! > 1 ? [index - order[i]! - 1] : []));
    expect(Math.abs(mean(gaps) - 5)).toBeLessThan(2); // 1 / leaveRate; some 180 bursts.
    expect(Math.abs(1 - order.length / 10_000 - 0.02 / 0.22)).toBeLessThan(0.04); // The share of time in bursts.
  }),
);

test(
  'jitter keeps the order unless told otherwise',
  withSeed(async (seed) => {
    const kept = await run(seed, { delayMs: 40, jitterMs: 20 });
    expect(kept.order).toEqual(upTo(1000));
    const free = await run(seed, { delayMs: 40, jitterMs: 20, keepOrder: false });
    expect(free.order).not.toEqual(upTo(1000));
    const delays = free.arrivals.map(({ afterMs }) => afterMs);
    expect(Math.abs(mean(delays) - 40)).toBeLessThan(2);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(19.5);
    expect(Math.max(...delays)).toBeLessThanOrEqual(60);
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(35);
  }),
);

test('the bottleneck sends at its rate, queues, and drops the tail', async () => {
  // A packet each millisecond where one takes 4 ms to leave.
  const { arrivals, counters } = await run(1, { rateBps: 2e6, queueBytes: 10_000 }, { count: 400 });
  expect(arrivals[0]!.afterMs).toBeCloseTo(4, 0);
  const steady = arrivals.slice(50).map(({ afterMs }) => afterMs);
  expect(Math.min(...steady)).toBeGreaterThan(36); // A full queue of 10 packets is 40 ms.
  expect(Math.max(...steady)).toBeLessThan(48);
  expect(counters.forwarded).toBeGreaterThan(100);
  expect(counters.forwarded).toBeLessThan(115);
  expect(counters.forwarded + counters.dropped.queue).toBe(400);
});

test('the rate can change while packets queue, and order is kept', async () => {
  const { order, counters } = await run(
    1,
    { rateBps: 1e6, queueBytes: 1e6 },
    {
      count: 200,
      at: (index, path) => {
        if (index === 100) path.impairment = {};
      },
    },
  );
  expect(order).toEqual(upTo(200));
  expect(counters.dropped.queue).toBe(0);
});

test(
  'reordered packets come later by reorderMs, duplicates twice',
  withSeed(async (seed) => {
    const { arrivals, counters, order } = await run(seed, { reorderRate: 0.1, reorderMs: 5 });
    const late = arrivals.filter(({ afterMs }) => afterMs > 0);
    expect(late.length).toBe(counters.reordered);
    expect(Math.abs(late.length - 100)).toBeLessThan(48);
    expect(late.every(({ afterMs }) => Math.abs(afterMs - 5) <= 0.5)).toBe(true);
    expect(order).not.toEqual(upTo(1000));
    const twice = await run(seed, { duplicateRate: 0.1 });
    expect(twice.order.length).toBe(1000 + twice.counters.duplicated);
    expect(Math.abs(twice.counters.duplicated - 100)).toBeLessThan(48);
  }),
);

test('nothing enters during a blackout, scheduled or ordered', async () => {
  const { order, counters } = await run(
    1,
    { blackouts: [{ fromMs: 10, toMs: 20 }] },
    {
      count: 50,
      at: (index, path) => {
        if (index === 30) path.blackout(40);
      },
    },
  );
  expect(order).toEqual(upTo(50).filter((i) => i < 10 || (i >= 20 && i < 30) || i >= 40));
  expect(counters.dropped.blackout).toBe(20);
});
