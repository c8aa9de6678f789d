import type { Bench, BenchResult } from '@weir/cli';
import type { FleetNode } from '@weir/cli/testing';
import { sleep } from '@weir/core';
import { type BareCalls, bareCalls } from './failover/bare-calls.ts';
import type { Course } from './failover/crowd.ts';
import { Stage, treeCpuSeconds } from './failover/stage.ts';
import { thisMachine } from './measure/machine.ts';
import { machineCpuSeconds } from './measure/process-usage.ts';
import { quantile } from './measure/quantile.ts';
import { table } from './measure/table.ts';

const goals = { coldMs: 1_000, warmMs: 400, backMs: 1_000 };
const each = 4;
/** A second, of each camera: the time from one to the next is in what is measured. With many sessions so many are more than two cores carry. */
const pictures = 25;
const fewPictures = 10;
const manyFrom = 100;
const settleMs = 1_000;
const busyMs = 1_000;
const patienceMs = 20_000;
const joinPatienceMs = 60_000;

/** How a node goes: its process is killed, or nothing of it answers any more; with or without a second one beside it. */
const losses = [
  { what: 'killed', warm: false, goalMs: goals.coldMs, end: (node: FleetNode) => node.kill() },
  { what: 'cut off', warm: false, goalMs: goals.coldMs, end: (node: FleetNode) => node.freeze() },
  { what: 'killed, warm', warm: true, goalMs: goals.warmMs, end: (node: FleetNode) => node.kill() },
] as const;
type Loss = (typeof losses)[number];

/** What a loss did to the calls of so many sessions. */
type Case = { what: string; sessions: number; goalMs: number } & Course & {
    lostAt: number;
    /** How much of the machine was busy in the second after the loss, 0 to 1; NaN: not measured. */
    busy: number;
    /** CPU time in that second, s: of the people (one process for all), of their signaling node, of the node that takes over. */
    used: number[];
  };

/** So many sessions set up on mediasoup alone, all at once. */
type Bare = BareCalls & { cameMs: number[] };

export const bench: Bench = {
  name: 'failover',
  describe: 'a media node or a signaling node dies or is cut off: how long pictures stand still',
  parameters: { few: 48, many: 300, signaling: 200, pages: 3 },
  async run({ parameters, say, signal }) {
    const { few = 0, many = 0, signaling = 0, pages = 0 } = parameters;
    await using stage = await Stage.start();
    const cases: Case[] = [];
    const bare: Bare[] = [];
    const add = (one: Case) => {
      cases.push(one);
      say(inWords(one));
    };
    for (const loss of losses) if (pages && !signal.aborted) add(await mediaWithPage(stage, loss, pages));
    for (const sessions of [few, many].filter(Boolean)) {
      for (const loss of losses) if (!signal.aborted) add(await mediaWithCrowd(stage, loss, sessions));
      for (const warm of [false, true]) {
        const calls = { sessions, each, fps: fpsOf(sessions), warm };
        if (!signal.aborted) bare.push({ ...calls, cameMs: await bareCalls(calls) });
      }
    }
    if (signaling && !signal.aborted) add(await signalingNode(stage, signaling));
    return result(cases, bare, say);
  },
};

async function mediaWithPage(stage: Stage, { what, warm, goalMs, end }: Loss, times: number): Promise<Case> {
  const gapsMs: number[] = [];
  for (let i = 0; i < times; i++) {
    const node = await stage.serve('media'); // In their own region: all come to it.
    const next = await stage.serve('media', ['--region', 'elsewhere']);
    await using watched = await stage.watchPage(`page-${i}-${named(what)}`, warm);
    await watched.page.evaluate(() => watcher.begin());
    await sleep(settleMs);
    await end(node);
    await sleep(patienceMs / 4);
    gapsMs.push((await watched.page.evaluate(() => watcher.seen)).longestGapMs);
    for (const one of [node, next]) await one.kill();
  }
  const flowing = gapsMs.filter((ms) => ms < patienceMs / 4).length;
  const course = { gapsMs, flowing, resetsAt: [], backAt: [], comingsAndGoings: 0, packetsLost: 0 };
  return {
    what: `media node ${what}`,
    sessions: 1,
    goalMs,
    lostAt: 0,
    busy: Number.NaN,
    used: [],
    ...course,
  };
}

/** The node that takes them over has carried calls before, as one at work has. */
async function mediaWithCrowd(stage: Stage, loss: Loss, sessions: number): Promise<Case> {
  const { what, warm, goalMs, end } = loss;
  const other = await stage.serve('media', ['--region', 'elsewhere']);
  await gather(stage, `before-${named(what)}`, sessions, false);
  await stage.crowd.call('leave', undefined as never);
  const node = await stage.serve('media'); // In their own region: all come to it.
  await gather(stage, `media-${named(what)}`, sessions, warm);
  const course = await lose(stage, { end: () => end(node), heir: other, resets: true });
  await stage.crowd.call('leave', undefined as never);
  for (const one of [node, other]) await one.kill();
  return { what: `media node ${what}`, sessions, goalMs, ...course };
}

async function signalingNode(stage: Stage, sessions: number): Promise<Case> {
  const media = await stage.serve('media');
  const other = await stage.serve('signaling');
  await gather(stage, 'signaling', sessions, false);
  const course = await lose(stage, { end: () => stage.front.kill(), heir: other, resets: false });
  await stage.crowd.call('leave', undefined as never);
  for (const one of [media, other]) await one.kill();
  return { what: 'signaling node killed', sessions, goalMs: goals.backMs, ...course };
}

async function gather(stage: Stage, name: string, sessions: number, warm: boolean): Promise<void> {
  const { crowd, doors } = stage;
  const rooms = Array.from({ length: Math.ceil(sessions / each) }, (_, i) => `${name}-${sessions}-${i}`);
  for (const room of rooms) await stage.openRoom(room, warm);
  const calls = { doors, rooms, each, fps: fpsOf(sessions), standby: warm, patienceMs: joinPatienceMs };
  await crowd.call('join', calls, joinPatienceMs * 2);
}

function fpsOf(sessions: number): number {
  return sessions > manyFrom ? fewPictures : pictures;
}

function named(what: string): string {
  return what.replace(/\W+/g, '-');
}

type Losing = { end: () => Promise<void>; heir: FleetNode; resets: boolean };

async function lose({ crowd, front }: Stage, { end, heir, resets }: Losing) {
  await sleep(settleMs);
  await crowd.call('begin', undefined as never);
  await sleep(settleMs);
  const lostAt = Date.now();
  const parts = [crowd.pid, front.process.pid!, heir.process.pid!];
  const cpu = () => Promise.all([machineCpuSeconds(), ...parts.map(treeCpuSeconds)]);
  const before = await cpu();
  await end();
  await sleep(busyMs);
  const [all = 0, ...used] = (await cpu()).map((seconds, i) => seconds - before[i]!);
  const busy = all / ((Date.now() - lostAt) / 1_000) / thisMachine().cores;
  return { lostAt, busy, used, ...(await crowd.call('course', { resets, patienceMs }, patienceMs * 3)) };
}

function inWords({ what, sessions, gapsMs, flowing }: Case): string {
  return `${what}, ${sessions} sessions: ${flowing} of ${gapsMs.length} flow, P95 ${ms(quantile(gapsMs, 0.95))} ms`;
}

function result(cases: Case[], bare: Bare[], say: (line: string) => void): BenchResult {
  const since = ({ lostAt }: Case, times: number[], q: number) =>
    ms(
      quantile(
        times.map((at) => at - lostAt),
        q,
      ),
    );
  const columns = [0.5, 0.95, 1];
  say(
    table(
      [
        'without a frame, ms',
        'sessions',
        'subscriptions',
        'P50',
        'P95',
        'longest',
        'told after P50',
        'P95',
        'machine busy',
        'CPU s: people, signaling, heir',
      ],
      cases.map((one) => [
        one.what,
        one.sessions,
        `${one.flowing} of ${one.gapsMs.length}`,
        ...columns.map((q) => ms(quantile(one.gapsMs, q))),
        ...columns.slice(0, 2).map((q) => since(one, one.resetsAt.length ? one.resetsAt : one.backAt, q)),
        Number.isNaN(one.busy) ? '' : `${Math.round(one.busy * 100)} %`,
        one.used.map((seconds) => (seconds < 0 ? '–' : seconds.toFixed(2))).join(', '),
      ]),
    ),
  );
  say(
    table(
      ['mediasoup alone, all set up at once, ms', 'sessions', 'P50', 'P95', 'longest'],
      bare.map(({ sessions, cameMs, warm }) => [
        warm ? 'tracks, over connections that are there' : 'connections and tracks',
        sessions,
        ...columns.map((q) => ms(quantile(cameMs, q))),
      ]),
    ),
  );
  const media = cases.filter(({ what }) => what.startsWith('media'));
  const gaps = media.flatMap(({ gapsMs }) => gapsMs);
  const signaling = cases.find(({ what }) => what.startsWith('signaling'));
  if (signaling)
    say(
      `signaling: ${signaling.packetsLost} packets lost, ${signaling.comingsAndGoings} seemed to come or go, ${signaling.resetsAt.length} got new media`,
    );
  const backP95 = signaling
    ? quantile(
        signaling.backAt.map((at) => at - signaling.lostAt),
        0.95,
      )
    : Number.NaN;
  const coldMet = media.every(
    ({ gapsMs, flowing, goalMs }) => flowing === gapsMs.length && quantile(gapsMs, 0.95) <= goalMs,
  );
  const unnoticed =
    signaling !== undefined &&
    signaling.packetsLost + signaling.comingsAndGoings + signaling.resetsAt.length === 0;
  return {
    name: 'failover',
    against:
      'the goals; as many sessions set up at once on mediasoup alone (the ratio: a killed node, the most sessions)',
    ratio: killedToBare(
      cases,
      bare.findLast(({ warm }) => !warm),
    ),
    p50Ms: quantile(gaps, 0.5),
    p95Ms: quantile(gaps, 0.95),
    p99Ms: quantile(gaps, 0.99),
    goal: `without a frame for ≤ ${goals.coldMs} ms P95 in each case, ≤ ${goals.warmMs} ms with a warm standby; a signaling node: nothing lost, everybody back ≤ ${goals.backMs} ms P95`,
    met: coldMet && unnoticed && backP95 <= goals.backMs,
    ranOn: thisMachine(),
    details: Object.fromEntries([
      ...media.map((one) => [`${one.what} ${one.sessions} P95 ms`, Math.round(quantile(one.gapsMs, 0.95))]),
      ...bare.map((one) => [
        `mediasoup alone ${one.sessions} P95 ms`,
        Math.round(quantile(one.cameMs, 0.95)),
      ]),
      ['signaling back P95 ms', Math.round(backP95)],
      ['signaling packets lost', signaling?.packetsLost ?? -1],
    ]),
  };
}

function killedToBare(cases: Case[], bare: Bare | undefined): number | null {
  const killed = cases.find(({ what, sessions }) => what.endsWith('killed') && sessions === bare?.sessions);
  return bare && killed ? quantile(killed.gapsMs, 0.95) / quantile(bare.cameMs, 0.95) : null;
}

function ms(value: number): string {
  return value.toFixed(0);
}
