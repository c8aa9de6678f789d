import type { Bench } from '@weir/cli';
import type { Scenario } from './forward/busy-room.ts';
import { compare, type Outcome } from './forward/compare.ts';
import { canCapture } from './forward/packet-capture.ts';
import { detailsOf, ratioOf, summary, typical } from './forward/report.ts';
import { thisMachine } from './measure/machine.ts';

/** The delay is judged here, over all copies: of one stream to a hundred, the median copy waits for fifty others. */
const room: Scenario = { name: '8→9', publishers: 8, viewers: 9 };
const scenarios: Scenario[] = [
  { name: '1→50', publishers: 1, viewers: 50 },
  { name: '1→100', publishers: 1, viewers: 100 },
  room,
];
/** A goal at a load is not met at less than this share of it. */
const loadTolerance = 0.85;
const goals = { ratio: 1.05, p50Ms: 0.3, p99Ms: 3 };

export const bench: Bench = {
  name: 'forward',
  describe: 'CPU per forwarded packet and delay in the node, against bare mediasoup',
  parameters: { rounds: 3, seconds: 5, load: 70 },
  async run({ parameters, say, signal }) {
    const { rounds = 1, seconds = 1, load = 1 } = parameters;
    const capture = await canCapture(say);
    const outcomes = await compare(scenarios, {
      rounds,
      measureMs: seconds * 1000,
      load: load / 100,
      capture,
      say,
      signal,
    });
    say(`\n${summary(outcomes)}`);
    const inRoom = outcomes.find(({ scenario }) => scenario === room);
    const delay = (percentile: 'P50' | 'P99') =>
      inRoom ? typical(inRoom, 'weir', `${capture ? 'copy' : 'peer'}${percentile}Ms`) : Number.NaN;
    const result = { ratio: Math.max(...outcomes.map(ratioOf)), p50Ms: delay('P50'), p99Ms: delay('P99') };
    const reached = inRoom ? typical(inRoom, 'weir', 'workerBusy') : 0;
    return {
      name: 'forward',
      against:
        'bare mediasoup in the same seconds; the worst of the scenarios, each the median of its rounds',
      ...result,
      p95Ms: null,
      goal: `ratio ≤ ${goals.ratio}; p50 ≤ ${goals.p50Ms} ms and p99 ≤ ${goals.p99Ms} ms over all copies of ${room.name} at ${load} % of a core`,
      met:
        result.ratio <= goals.ratio &&
        result.p50Ms <= goals.p50Ms &&
        result.p99Ms <= goals.p99Ms &&
        reached >= (load / 100) * loadTolerance,
      ranOn: thisMachine(),
      details: {
        delayMeasured: capture ? 'in the node' : 'at the receiving peer',
        ...Object.fromEntries(outcomes.flatMap((outcome: Outcome) => detailsOf(outcome))),
      },
    };
  },
};
