import type { BenchResult } from '@weir/cli';
import { thisMachine } from '../measure/machine.ts';
import { quantile } from '../measure/quantile.ts';
import { table } from '../measure/table.ts';
import type { BareStorm, Cost } from './bare-storm.ts';
import type { Arrival } from './crowd.ts';

const goal = { inMs: 5_000, gapMs: 500 };

/** What stood still, ms. */
type Stillness = { gapMs: number; page: { longestGapMs: number; longTasksMs: number } };

export type Outcome = {
  people: number;
  there: number;
  arrivals: Arrival[];
  bare: BareStorm;
  quiet: Stillness;
  stormy: Stillness;
  cost: Cost;
  afterMs: number;
  /** How much of the machine was busy when all were in, 0 to 1. */
  busyAfter: number;
  /** How often somebody joined, as one of those who were there saw it. */
  joins: number;
};

export function inWords(outcome: Outcome): string[] {
  const { people, there, arrivals, bare, quiet, stormy, cost, afterMs, busyAfter } = outcome;
  const step = (name: string, times: (number | undefined)[]) => {
    const known = times.flatMap((ms) => ms ?? []);
    return [name, known.length, ...[0.5, 0.95, 1].map((q) => quantile(known, q).toFixed(0))];
  };
  const steps = (of: Arrival[], where = '') => [
    step(
      `sees the teacher${where}`,
      of.map(({ pictureMs }) => pictureMs),
    ),
    step(
      `microphone published${where}`,
      of.map(({ publishedMs }) => publishedMs),
    ),
  ];
  const inTheRoom = step(
    'in the room',
    arrivals.map(({ joinedMs }) => joinedMs),
  );
  const still = (name: string, of: (one: Stillness) => number) => [
    name,
    of(quiet).toFixed(0),
    of(stormy).toFixed(0),
  ];
  const seconds = (name: string, used: number[]) => [name, ...used.map((one) => one.toFixed(2))];
  const errors = failures(outcome);
  return [
    table(
      [`${people} people, ms since each began`, 'people', 'P50', 'P95', 'last'],
      [inTheRoom, ...steps(arrivals), ...steps(bare.arrivals, ', mediasoup alone')],
    ),
    table(
      ['longest time without a frame, ms', 'before', 'in the storm'],
      [
        still(`${there} who were there (worst)`, ({ gapMs }) => gapMs),
        still('a page that was there', ({ page }) => page.longestGapMs),
        still("the page's long tasks", ({ page }) => page.longTasksMs),
      ],
    ),
    table(
      ['CPU seconds', 'server', 'workers', 'the crowd'],
      [
        seconds('until all are in', cost.joining),
        seconds('the same, mediasoup alone', bare.cost.joining),
        seconds(`${afterMs / 1_000} s when all are in`, cost.being),
        seconds('the same, mediasoup alone', bare.cost.being),
      ],
    ),
    `all in and receiving, the machine is busy to ${Math.round(busyAfter * 100)} %`,
    ...(errors.length ? [`${errors.length} failed: ${[...new Set(errors)].join('; ')}`] : []),
  ];
}

export function result(outcome: Outcome, storm: string): BenchResult {
  const { arrivals, bare, quiet, stormy, cost, busyAfter, joins } = outcome;
  const seated = seatedAfter(arrivals);
  const lastMs = lastOf(arrivals);
  const bareLastMs = lastOf(bare.arrivals);
  const frozenMs = Math.max(stormy.gapMs, stormy.page.longestGapMs);
  return {
    name: 'storm',
    against: 'the goal; mediasoup alone with the same people; the same room before the storm',
    ratio: lastMs / bareLastMs,
    p50Ms: quantile(seated, 0.5),
    p95Ms: quantile(seated, 0.95),
    p99Ms: quantile(seated, 0.99),
    goal: `${storm}: everybody sees the teacher ≤ ${goal.inMs} ms, nobody who was there misses frames for ${goal.gapMs} ms`,
    met: lastMs <= goal.inMs && frozenMs < goal.gapMs,
    ranOn: thisMachine(),
    details: {
      people: seated.length,
      lastMs: Math.round(lastMs),
      bareLastMs: Math.round(bareLastMs),
      frozenMs: Math.round(stormy.gapMs),
      frozenPageMs: Math.round(stormy.page.longestGapMs),
      frozenBeforeMs: Math.round(quiet.gapMs),
      frozenPageBeforeMs: Math.round(quiet.page.longestGapMs),
      pageLongTasksMs: Math.round(stormy.page.longTasksMs),
      busyAfter: Math.round(busyAfter * 100) / 100,
      serverCpuSeconds: Math.round(cost.joining[0]! * 100) / 100,
      failed: failures(outcome).length,
      joins,
    },
  };
}

function failures({ arrivals }: Outcome): string[] {
  return arrivals.flatMap(({ error }) => error ?? []);
}

/** When each who is in saw the teacher, ms. */
function seatedAfter(arrivals: readonly Arrival[]): number[] {
  return arrivals.flatMap(({ joinedMs, pictureMs }) =>
    joinedMs === undefined || pictureMs === undefined ? [] : Math.max(joinedMs, pictureMs),
  );
}

/** Infinite unless everybody is in. */
function lastOf(arrivals: readonly Arrival[]): number {
  const seated = seatedAfter(arrivals);
  return seated.length === arrivals.length ? Math.max(...seated) : Number.POSITIVE_INFINITY;
}
