import type { Bench } from '@weir/cli';
import { compare, type Outcome } from './forward/compare.ts';
import { detailsOf, ratioOf, summary, typical } from './forward/report.ts';
import type { Scenario } from './forward/round.ts';
import { thisMachine } from './measure/machine.ts';

const scenarios: Scenario[] = [
  { name: '1→50', publishers: 1, viewers: 50 },
  { name: '1→100', publishers: 1, viewers: 100 },
  { name: '8×8', publishers: 8, viewers: 2 },
  { name: '10×10', publishers: 10, viewers: 2 },
];
/** A goal at a load is not met at less than this share of it. */
const loadTolerance = 0.85;
const goals = { ratio: 1.05, p50Ms: 0.3, p99Ms: 3 };

export const bench: Bench = {
  name: 'forward',
  describe: 'CPU per forwarded packet and delay in the node, against bare mediasoup',
  parameters: { rounds: 3, seconds: 8, load: 70 },
  async run({ parameters, say, signal }) {
    const { rounds = 1, seconds = 1, load = 1 } = parameters;
    const { floor, outcomes } = await compare(scenarios, {
      rounds,
      measureMs: seconds * 1000,
      load: load / 100,
      say,
      signal,
    });
    say(`\n${summary(outcomes)}`);
    const worst = (of: (outcome: Outcome) => number) => Math.max(...outcomes.map(of));
    const delay = (name: 'delayP50Ms' | 'delayP99Ms') => worst((one) => typical(one, 'weir', name));
    const reached = Math.min(...outcomes.map((one) => typical(one, 'weir', 'workerBusy')));
    const result = { ratio: worst(ratioOf), p50Ms: delay('delayP50Ms'), p99Ms: delay('delayP99Ms') };
    return {
      name: 'forward',
      against: 'bare mediasoup in the same run; the worst of the scenarios, each the median of its rounds',
      ...result,
      p95Ms: null,
      goal: `ratio ≤ ${goals.ratio}, p50 ≤ ${goals.p50Ms} ms and p99 ≤ ${goals.p99Ms} ms at ${load} % of a core`,
      met:
        result.ratio <= goals.ratio &&
        result.p50Ms <= goals.p50Ms &&
        result.p99Ms <= goals.p99Ms &&
        reached >= (load / 100) * loadTolerance,
      ranOn: thisMachine(),
      details: {
        leastWorkerBusy: reached,
        idleDelayP50Ms: floor.delayP50Ms,
        idleDelayP99Ms: floor.delayP99Ms,
        ...Object.fromEntries(outcomes.flatMap(detailsOf)),
      },
    };
  },
};
