import type { Bench, BenchOptions } from '@weir/cli';
import { launchChromium } from '@weir/testing';
import { joinOnce, type Start } from './join/join-round.ts';
import { startSite } from './join/network.ts';
import { type JoinTimes, type Step, stepMeaning, steps } from './join/steps.ts';
import { thisMachine } from './measure/machine.ts';
import { joinWithCamera } from './measure/peers.ts';
import { median, quantile } from './measure/quantile.ts';
import { table } from './measure/table.ts';

const networks = [
  { name: 'loopback', rttMs: 0, goalMs: 300 },
  { name: 'rtt100', rttMs: 100, goalMs: 1_000 },
];
const starts: Start[] = ['fresh', 'prepared'];

type Case = {
  name: string;
  network: (typeof networks)[number];
  start: Start;
  times: JoinTimes[];
  failed: string[];
};

export const bench: Bench = {
  name: 'join',
  describe: 'from connect to the first decoded frame in Chromium, near and 100 ms away',
  parameters: { joins: 40 },
  async run({ parameters, say, signal }) {
    const cases: Case[] = [];
    for (const network of networks)
      cases.push(...(await measureNetwork(network, parameters.joins!, { say, signal })));
    say(breakdown(cases));
    say(`\n${summary(cases)}`);
    return {
      name: 'join',
      against: 'the goal; one page after another into a room with one live camera and microphone',
      ratio: null,
      p50Ms: null,
      p95Ms: null,
      p99Ms: null,
      goal: networks.map(({ name, goalMs }) => `${name}: P95 ≤ ${goalMs} ms`).join(', '),
      met: cases.every(isMet),
      ranOn: thisMachine(),
      details: Object.fromEntries(cases.flatMap(detailsOf)),
    };
  },
};

async function measureNetwork(
  network: Case['network'],
  joins: number,
  { say, signal }: Pick<BenchOptions, 'say' | 'signal'>,
): Promise<Case[]> {
  const cases = starts.map((start): Case => {
    return { name: `${network.name} ${start}`, network, start, times: [], failed: [] };
  });
  await using stack = new AsyncDisposableStack();
  const site = await startSite(network.rttMs, stack);
  const browser = stack.adopt(await launchChromium(), (it) => it.close());
  const host = stack.adopt(await joinWithCamera(site, 'room', 'host'), (it) => it.leave());
  const enter = (start: Start, identity: string) =>
    joinOnce(browser, site, { room: host.roomId, start, identity });
  await enter('fresh', 'first'); // The browser's own first connection is not what is asked here.
  for (let i = 0; i < joins && !signal.aborted; i++) {
    for (const one of cases) {
      try {
        one.times.push(await enter(one.start, `${one.start}-${i}`));
      } catch (error) {
        one.failed.push(String(error));
        say(`${one.name}: ${error}`);
      }
    }
    if ((i + 1) % 10 === 0) say(`${network.name}: ${i + 1} of ${joins}`);
  }
  return cases;
}

function framesOf({ times }: Case): number[] {
  return times.map(({ frame }) => frame);
}

function isMet(one: Case): boolean {
  return one.failed.length === 0 && quantile(framesOf(one), 0.95) <= one.network.goalMs;
}

/** Medians of when each step was done; the last columns tell what the distance costs, in round trips. */
function breakdown(cases: Case[]): string {
  const at = (one: Case, step: Step) => median(one.times.flatMap((times) => times[step] ?? []));
  const trips = (start: Start, step: Step) => {
    const [near, far] = networks.map(({ name }) => cases.find((c) => c.name === `${name} ${start}`)!);
    return ((at(far!, step) - at(near!, step)) / networks[1]!.rttMs).toFixed(1);
  };
  const rows = steps.map((step) => [
    step,
    ...cases.map((one) => at(one, step).toFixed(0)),
    ...starts.map((start) => trips(start, step)),
    `  ${stepMeaning[step]}`,
  ]);
  const heading = ['ms, median', ...cases.map(({ name }) => name), ...starts.map((s) => `RTTs ${s}`), ''];
  return table(heading, rows);
}

function summary(cases: Case[]): string {
  const rows = cases.map((one) => {
    const frames = framesOf(one);
    const quantiles = [0.5, 0.95, 0.99].map((q) => quantile(frames, q).toFixed(0));
    const verdict = isMet(one) ? 'met' : 'MISSED';
    return [one.name, frames.length, one.failed.length, ...quantiles, one.network.goalMs, verdict];
  });
  return table(['first frame', 'joins', 'failed', 'P50', 'P95', 'P99', 'goal P95', ''], rows);
}

function detailsOf(one: Case): [string, number][] {
  const frames = framesOf(one);
  const round = (ms: number) => Math.round(ms * 10) / 10;
  const prefix = one.name.replace(' ', '.');
  return [
    [`${prefix}.joins`, frames.length],
    [`${prefix}.failed`, one.failed.length],
    ...[50, 95, 99].map((q): [string, number] => [`${prefix}.p${q}Ms`, round(quantile(frames, q / 100))]),
    ...steps.map((step): [string, number] => [
      `${prefix}.${step}Ms`,
      round(median(one.times.flatMap((times) => times[step] ?? []))),
    ]),
  ];
}
