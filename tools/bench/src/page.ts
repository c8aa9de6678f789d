import { fileURLToPath } from 'node:url';
import type { Bench, BenchOptions } from '@weir/cli';
import { withDeadline } from '@weir/core';
import { bundlePage, launchChromium } from '@weir/testing';
import type { Browser, Page } from 'playwright-core';
import { Child, elsewhere } from './measure/child.ts';
import { thisMachine } from './measure/machine.ts';
import { type Doors, tokenFor } from './measure/peers.ts';
import type { PlatformProcess } from './measure/platform-process.ts';
import { quantile } from './measure/quantile.ts';
import { table } from './measure/table.ts';
import { BareServer } from './page/bare-server.ts';
import type { BareWallTimes } from './page/bare-wall.ts';
import type { StreamsProcess } from './page/streams.ts';
import type { WallTimes } from './page/wall.ts';

const firstTiles = 20;
const connectionsAtMost = 12;
const goals = { firstTilesMs: 1_000, allMs: (streams: number) => (streams <= 500 ? 4_000 : 10_000) };
const publishTimeoutMs = 120_000;
const pageTimeoutMs = 60_000;
const eachAtOnce = 8;
const bareConnections = 10;
const platformModule = new URL('measure/platform-process.ts', import.meta.url);
const wallModule = fileURLToPath(new URL('page/wall.ts', import.meta.url));
const bareWallModule = fileURLToPath(new URL('page/bare-wall.ts', import.meta.url));
const streamsModule = new URL('page/streams.ts', import.meta.url);

const nothing: WallTimes = {
  joinedMs: 0,
  liveMs: [],
  firstTilesMs: [],
  stillLive: 0,
  connections: 0,
  longTasksMs: 0,
};

type Case = { name: string; streams: number; times: WallTimes };

export const bench: Bench = {
  name: 'page',
  describe: 'many tiny live streams in one Chromium page, beside the browser alone and a connection for each',
  parameters: { few: 500, many: 1_000, each: 500, bare: 1_000 },
  async run({ parameters, ...progress }) {
    await using stack = new AsyncDisposableStack();
    const platform = stack.use(new Child<PlatformProcess>(platformModule, elsewhere));
    const doors = await platform.call('start', { workers: 1 });
    const streams = stack.use(new Child<StreamsProcess>(streamsModule, elsewhere));
    const browser = stack.adopt(await launchChromium(), (it) => it.close());
    const { few, many, each, bare } = parameters as Record<'few' | 'many' | 'each' | 'bare', number>;
    const cases: Case[] = [];
    const counts = [few, many].filter((n) => n > 0).sort((a, b) => a - b);
    for (const count of counts.filter((n) => n <= bare))
      if (!progress.signal.aborted) cases.push(await measureBare(browser, doors, count, progress));
    let live = 0;
    for (const count of counts) {
      if (progress.signal.aborted) break;
      const more = { doors, room: 'wall', streams: count - live };
      await streams.call('publish', more, publishTimeoutMs);
      live = count;
      cases.push(await measureWall(browser, doors, count, progress));
    }
    if (each > 0 && !progress.signal.aborted) cases.push(await measureEach(browser, doors, each, progress));
    progress.say(summary(cases));
    const ours = cases.filter(({ name }) => name === 'pooled');
    const isWhole = ({ streams, times }: Case) => times.liveMs.length === streams;
    const reference = cases.findLast((one) => one.name === 'bare' && isWhole(one));
    const comparable = ours.find((one) => one.streams === reference?.streams && isWhole(one));
    return {
      name: 'page',
      against:
        'mediasoup-client alone with as many streams over as many connections, no room and no session; a connection for each stream',
      ratio:
        reference && comparable
          ? Math.round((100 * last(comparable.times.liveMs)) / last(reference.times.liveMs)) / 100
          : null,
      p50Ms: null,
      p95Ms: null,
      p99Ms: null,
      goal: `first ${firstTiles} tiles ≤ 1 s, all of 500 ≤ 4 s and of 1,000 ≤ 10 s, ≤ ${connectionsAtMost} connections`,
      met: ours.length > 0 && ours.every(isMet),
      ranOn: thisMachine(),
      details: Object.fromEntries(cases.flatMap(detailsOf)),
    };
  },
};

/** What the browser itself takes on this machine, in the same minutes. */
async function measureBare(
  browser: Browser,
  doors: Doors,
  streams: number,
  { say }: Pick<BenchOptions, 'say'>,
): Promise<Case> {
  await using stack = new AsyncDisposableStack();
  const server = await BareServer.start(stack, streams);
  const { liveMs, connections } = await onPage(browser, doors, bareWallModule, async (page) => {
    const { rtpCapabilities, transports } = await server.offer(page, bareConnections);
    return page.evaluate(
      ([capabilities, transports, timeoutMs]) =>
        bareWall.receiveAll(capabilities, transports, timeoutMs) as Promise<BareWallTimes>,
      [rtpCapabilities, transports, pageTimeoutMs] as const,
    );
  });
  say(`mediasoup-client alone: ${liveMs.length} of ${streams} live after ${last(liveMs).toFixed(0)} ms`);
  return { name: 'bare', streams, times: { ...nothing, liveMs, stillLive: liveMs.length, connections } };
}

async function measureWall(
  browser: Browser,
  doors: Doors,
  streams: number,
  { say }: Pick<BenchOptions, 'say'>,
): Promise<Case> {
  const token = await tokenFor(doors, 'wall', `wall-${streams}`);
  const times = await onPage(browser, doors, wallModule, (page) => {
    const options = { url: doors.url, token, keepSeat: false };
    const expected = { streams, firstTiles: Math.min(firstTiles, streams), timeoutMs: pageTimeoutMs };
    return page.evaluate(([options, expected]) => wall.join(options, expected), [options, expected] as const);
  });
  say(`${streams} streams: ${times.liveMs.length} live after ${last(times.liveMs).toFixed(0)} ms`);
  return { name: 'pooled', streams, times };
}

async function measureEach(
  browser: Browser,
  doors: Doors,
  streams: number,
  { say }: Pick<BenchOptions, 'say'>,
): Promise<Case> {
  const seats = await Promise.all(
    Array.from({ length: streams }, async (_, stream) => {
      const token = await tokenFor(doors, 'wall', `each-${stream}`);
      return { url: doors.url, token, keepSeat: false, stream };
    }),
  );
  const limits = { timeoutMs: pageTimeoutMs, atOnce: eachAtOnce };
  const times = await onPage(browser, doors, wallModule, (page) =>
    page.evaluate(([seats, limits]) => wall.joinEach(seats, limits), [seats, limits] as const),
  ).catch((error) => ({ ...nothing, error: `the page does not answer: ${error.message}` }));
  say(`a connection each: ${times.liveMs.length} of ${streams} live; ${times.error ?? 'no error'}`);
  return { name: 'each', streams, times };
}

async function onPage<T>(
  browser: Browser,
  doors: Doors,
  module: string,
  work: (page: Page) => Promise<T>,
): Promise<T> {
  const context = await browser.newContext({ bypassCSP: true, viewport: { width: 1_400, height: 900 } });
  try {
    const page = await context.newPage();
    await page.goto(`${doors.url}/healthz`);
    await page.addScriptTag({
      content: await bundlePage(module),
    });
    return await withDeadline(work(page), 2 * pageTimeoutMs, 'the wall');
  } finally {
    await context.close();
  }
}

function last(times: readonly number[]): number {
  return Math.max(...times, 0);
}

function isMet({ streams, times }: Case): boolean {
  return (
    times.liveMs.length === streams &&
    times.stillLive === streams &&
    times.connections < connectionsAtMost &&
    times.firstTilesMs.length === Math.min(firstTiles, streams) &&
    last(times.firstTilesMs) <= goals.firstTilesMs &&
    last(times.liveMs) <= goals.allMs(streams)
  );
}

function summary(cases: Case[]): string {
  const rows = cases.map((one) => {
    const { streams, name, times } = one;
    const half = quantile(times.liveMs, 0.5).toFixed(0);
    return [
      `${streams} ${name}`,
      times.connections,
      times.joinedMs.toFixed(0),
      last(times.firstTilesMs).toFixed(0),
      half,
      last(times.liveMs).toFixed(0),
      `${times.liveMs.length} (${times.stillLive})`,
      times.error ?? (name !== 'pooled' ? '' : isMet(one) ? 'met' : 'MISSED'),
    ];
  });
  return table(
    ['streams', 'connections', 'joined', `first ${firstTiles}`, 'half', 'all, ms', 'live (still)', ''],
    rows,
  );
}

function detailsOf({ name, streams, times }: Case): [string, number | string][] {
  const prefix = `${name}${streams}`;
  return [
    [`${prefix}.connections`, times.connections],
    [`${prefix}.joinedMs`, Math.round(times.joinedMs)],
    [`${prefix}.firstTilesMs`, Math.round(last(times.firstTilesMs))],
    [`${prefix}.halfMs`, Math.round(quantile(times.liveMs, 0.5))],
    [`${prefix}.allMs`, Math.round(last(times.liveMs))],
    [`${prefix}.live`, times.liveMs.length],
    [`${prefix}.stillLive`, times.stillLive],
    [`${prefix}.longTasksMs`, Math.round(times.longTasksMs)],
    ...(times.error ? [[`${prefix}.error`, times.error] as [string, string]] : []),
  ];
}
