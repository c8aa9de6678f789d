import { Lifetime } from '@weir/core';
import { FakeClock } from '@weir/testing';
import { expect, test } from 'vitest';
import { DatagramRate, datagrams } from './datagram-rate.ts';
import { EgressMeter } from './egress-meter.ts';
import { shares } from './node-load.ts';
import { ReachLog } from './reach-log.ts';

test('of each limit the share that is used; what has none is not told', () => {
  const used = { egressBps: 300_000_000, packetsPerSecond: 90_000, consumers: 10 };
  expect(shares(0.25, used, {})).toEqual({ cpu: 0.25 });
  expect(shares(0.25, used, { egressBps: 1e9, packetsPerSecond: 60_000, consumers: 40 })).toEqual({
    cpu: 0.25,
    egress: 0.3,
    packets: 1.5,
    consumers: 0.25,
  });
});

test('what goes out is the sum over all transports, of which some are asked each second', async () => {
  const clock = new FakeClock();
  const meter = new EgressMeter(clock);
  let asked = 0;
  const transports = Array.from({ length: 40 }, () => {
    const lifetime = new Lifetime();
    meter.add(
      {
        getStats: async () => {
          asked++;
          return [{ sendBitrate: 1_000 }];
        },
      },
      lifetime,
    );
    return lifetime;
  });
  await clock.advance(1_000);
  expect({ asked, bps: meter.bps }).toEqual({ asked: 32, bps: 32_000 });
  await clock.advance(1_000);
  expect(meter.bps).toBe(40_000);
  for (const transport of transports.slice(1)) transport.close();
  expect(meter.bps).toBe(1_000);
  meter.close();
  expect(clock.pending).toBe(0);
});

test('packets a second, as the kernel counts them', async () => {
  const text = (received: number, sent: number) =>
    `Tcp: a b\nTcp: 1 2\nUdp: InDatagrams NoPorts InErrors OutDatagrams\nUdp: ${received} 7 8 ${sent}\n`;
  expect(datagrams(text(3, 4))).toBe(7);
  expect(datagrams('no such thing')).toBeUndefined();
  const clock = new FakeClock();
  let counted = text(10, 20);
  using rate = new DatagramRate(clock, async () => counted);
  await clock.advance(500);
  counted = text(1_010, 2_020);
  await clock.advance(500);
  expect(rate.perSecond).toBe(3_000);
});

test('[MC30] each person’s last attempt counts for half a minute', async () => {
  const clock = new FakeClock();
  const log = new ReachLog(clock);
  const attempt = new Lifetime();
  log.expect('alice', attempt);
  log.expect('bob', attempt);
  const left = new Lifetime();
  log.expect('carol', left);
  left.close(); // Nobody knows how it would have ended.
  await clock.advance(1_000);
  log.note('bob', 'tcp');
  await clock.advance(9_000);
  expect(log.counts).toEqual({ tried: 2, failed: 1, byTcp: 1 });
  log.note('alice', 'udp'); // It came late.
  log.note('bob', 'udp');
  expect(log.counts).toEqual({ tried: 2, failed: 0, byTcp: 0 });
  await clock.advance(31_000);
  expect(log.counts).toEqual({ tried: 0, failed: 0, byTcp: 0 });
  log.close();
  expect(clock.pending).toBe(0);
});
