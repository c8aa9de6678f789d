import type { Bench } from '@weir/cli';
import { sleep } from '@weir/core';
import { eventually } from '@weir/testing';
import { Crowd } from './chaos/crowd.ts';
import { FleetUnderFire } from './chaos/fleet-under-fire.ts';
import { type Dealt, effects } from './chaos/report.ts';
import { calm, describeBlow, schedule } from './chaos/schedule.ts';
import { thisMachine } from './measure/machine.ts';
import { quantile } from './measure/quantile.ts';
import { table } from './measure/table.ts';

/** What a blow does shows within this time after it is over. */
const aftermathMs = 8_000;
const settleMs = 60_000;

export const bench: Bench = {
  name: 'chaos',
  describe: 'a fleet with people in calls, whose parts are killed, stopped, cut off and drained by the seed',
  parameters: { seed: 7, minutes: 5, seconds: 1, peers: 12 },
  async run({ parameters, say, signal }) {
    const { seed = 7, minutes = 5, seconds = 1, peers = 12 } = parameters;
    const lengthMs = seconds > 1 ? seconds * 1_000 : minutes * 60_000; // One second stands for none given.
    say('starting Redis, Postgres, two fronts and three media nodes …');
    await using fleet = await FleetUnderFire.start(say);
    using crowd = await Crowd.join(await fleet.doors(), peers, seed);
    const { wanted } = crowd;
    const allFlow = () => crowd.flowing === wanted || `${crowd.flowing} of ${wanted} cameras flow`;
    await eventually(allFlow, { timeoutMs: settleMs });
    say(`${peers} people see ${wanted} cameras; seed ${seed}, ${Math.round(lengthMs / 1_000)} s`);

    crowd.begin();
    const beganAt = crowd.nowMs;
    const dealt: Dealt[] = [];
    for (const { atMs, blow } of schedule(seed, lengthMs, { media: fleet.media, fronts: fleet.fronts })) {
      await sleep(Math.max(0, beganAt + atMs - crowd.nowMs), signal);
      if (signal.aborted) break;
      const one: Dealt = { blow, fromMs: crowd.nowMs, toMs: Number.POSITIVE_INFINITY };
      dealt.push(one);
      say(`${clock(crowd.nowMs - beganAt)}  ${describeBlow(blow)}`);
      await fleet.deal(blow, crowd);
      one.toMs = crowd.nowMs + aftermathMs;
    }
    await sleep(calm.lastMs, signal);
    const atEnd = await eventually(allFlow, { timeoutMs: settleMs }).then(
      () => wanted,
      () => crowd.flowing,
    );
    crowd.end();

    const { effects: seen, unexplained } = effects(dealt, crowd.freezes, crowd.drops);
    say(
      table(
        ['at', 'what was done', 'cameras that stood still', 'median, ms', 'longest, ms', 'dropped'],
        seen.map((one) => [
          clock(one.atMs - beganAt),
          one.what,
          `${one.subscriptions} of ${wanted}`,
          one.medianMs,
          one.longestMs,
          one.dropped.length,
        ]),
      ),
    );
    for (const { who, atMs } of crowd.drops) say(`dropped at ${clock(atMs - beganAt)}: ${who}`);
    for (const { subscription, fromMs, toMs } of unexplained)
      say(
        `${subscription} stood still for ${Math.round(toMs - fromMs)} ms at ${clock(fromMs - beganAt)}, of itself`,
      );
    const lengths = crowd.freezes.map(({ fromMs, toMs }) => toMs - fromMs);
    const at = (share: number) => (lengths.length ? Math.round(quantile(lengths, share)) : null);
    return {
      name: 'chaos',
      against: 'nobody is dropped',
      ratio: null,
      p50Ms: at(0.5),
      p95Ms: at(0.95),
      p99Ms: at(0.99),
      goal: 'no call is dropped, and every camera flows at the end',
      met: crowd.drops.length === 0 && atEnd === wanted && !signal.aborted,
      ranOn: thisMachine(),
      details: {
        seed,
        seconds: Math.round(lengthMs / 1_000),
        people: peers,
        cameras: wanted,
        flowAtEnd: atEnd,
        blows: dealt.length,
        dropped: crowd.drops.length,
        freezes: lengths.length,
        longestFreezeMs: Math.round(Math.max(0, ...lengths)),
        unexplainedFreezes: unexplained.length,
        ...Object.fromEntries(
          seen.map((one) => [
            `${clock(one.atMs - beganAt)} ${one.what}`,
            one.subscriptions
              ? `${one.subscriptions} stood still, ${one.longestMs} ms at most`
              : 'nothing seen',
          ]),
        ),
      },
    };
  },
};

function clock(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
