import type { Bench } from '@weir/cli';
import { sleep } from '@weir/core';
import { Chain } from './cascade/chain.ts';
import { canCapture } from './forward/packet-capture.ts';
import { thisMachine } from './measure/machine.ts';
import { quantile } from './measure/quantile.ts';
import { table } from './measure/table.ts';

const goals = { hopP50Ms: 0.5, growth: 1.05 };
const settleMs = 1_000;

export const bench: Bench = {
  name: 'cascade',
  describe:
    'what each hop between media nodes adds to the delay, and what a track costs its node as viewers grow',
  parameters: { hops: 3, viewers: 60, packets: 100, seconds: 10 },
  async run({ parameters, say, signal }) {
    const { hops = 1, viewers = 1, packets = 1, seconds = 1 } = parameters;
    const capture = await canCapture(say);
    await using chain = await Chain.start(hops, packets);
    await sleep(settleMs, signal);
    const delays = capture ? await chain.delays(seconds * 1_000) : [];
    const p50 = delays.map((one) => quantile(one, 0.5));
    const p99 = delays.map((one) => quantile(one, 0.99));
    const added = p50.slice(1).map((ms, i) => ms - p50[i]!);
    say(
      table(
        ['hops', 'packets', 'p50, ms', 'p99, ms', 'added, ms'],
        delays.map((one, i) => [i, one.length, ms(p50[i]!), ms(p99[i]!), i ? ms(added[i - 1]!) : '']),
      ),
    );

    const egress = [];
    let watching = 1;
    for (const wanted of [1, Math.ceil(viewers / 4), viewers]) {
      for (; watching < wanted && !signal.aborted; watching++) await chain.watch(1);
      egress.push({ viewers: watching, ...(await chain.egress(seconds * 500)) });
    }
    say(
      table(
        ['viewers on the next node', 'pipes there', 'Mbit/s there'],
        egress.map((one) => [one.viewers, one.pipes, (one.bitsPerSecond / 1e6).toFixed(2)]),
      ),
    );
    const growth = egress.at(-1)!.bitsPerSecond / egress[0]!.bitsPerSecond;
    const hopP50Ms = capture ? Math.max(...added) : null;
    return {
      name: 'cascade',
      against: 'the same egress with one viewer on the next node',
      ratio: growth,
      p50Ms: hopP50Ms,
      p95Ms: null,
      p99Ms: null,
      goal: `each hop adds ≤ ${goals.hopP50Ms} ms p50; egress to the next node grows by ≤ ${Math.round((goals.growth - 1) * 100)} % with ${viewers} viewers there`,
      met: hopP50Ms !== null && hopP50Ms <= goals.hopP50Ms && growth <= goals.growth,
      ranOn: thisMachine(),
      details: {
        ...Object.fromEntries(p50.map((one, i) => [`hops${i}P50Ms`, round(one)])),
        ...Object.fromEntries(p99.map((one, i) => [`hops${i}P99Ms`, round(one)])),
        ...Object.fromEntries(
          egress.map((one) => [`viewers${one.viewers}Mbps`, round(one.bitsPerSecond / 1e6)]),
        ),
        pipes: egress.at(-1)!.pipes,
      },
    };
  },
};

function ms(value: number): string {
  return value.toFixed(3);
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
