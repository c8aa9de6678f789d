import { fileURLToPath } from 'node:url';
import type { Bench } from '@weir/cli';
import { sleep } from '@weir/core';
import { bundlePage, eventually, launchChromium } from '@weir/testing';
import type { Page } from 'playwright-core';
import { Child } from './measure/child.ts';
import { thisMachine } from './measure/machine.ts';
import { type Doors, joinWithCamera, tokenFor } from './measure/peers.ts';
import type { PlatformProcess } from './measure/platform-process.ts';
import { cpuSecondsDuring, machineCpuSeconds } from './measure/process-usage.ts';
import { bareStorm, type Cost } from './storm/bare-storm.ts';
import type { Arrival, CrowdProcess } from './storm/crowd.ts';
import { inWords, result } from './storm/report.ts';

const patienceMs = 30_000;
const afterMs = 3_000;
const platformModule = new URL('measure/platform-process.ts', import.meta.url);
const crowdModule = new URL('storm/crowd.ts', import.meta.url);
const pageModule = fileURLToPath(new URL('storm/page.ts', import.meta.url));
const room = 'assembly';
/** The teacher's picture and sound: what hundreds receive would fill a small machine by itself, and this is about joining. */
const small = { height: 180, fps: 10, kbps: 80, soundMs: 60 };

export const bench: Bench = {
  name: 'storm',
  describe: 'a class that joins all at once: when everybody is in, and whether those who were there notice',
  parameters: { people: 300, withinMs: 2_000, there: 10, before: 100, ...small },
  async run({ parameters, say }) {
    type Names = 'people' | 'withinMs' | 'there' | 'before' | keyof typeof small;
    const { people, withinMs, there, before, height, fps, kbps, soundMs } = parameters as Record<
      Names,
      number
    >;
    const picture = { width: (height * 16) / 9, height, fps, bitrateBps: kbps * 1_000 };
    const sound = { bitrateBps: 32_000, frameMs: soundMs };
    const bare = await bareStorm(
      { people, withinMs, patienceMs },
      { picture, sound, there, before, afterMs },
    );
    await using stack = new AsyncDisposableStack();
    const platform = stack.use(new Child<PlatformProcess>(platformModule));
    const doors = await platform.call('start', { workers: 2 });
    stack.adopt(await joinWithCamera(doors, room, 'teacher', picture, sound), (it) => it.leave());
    const early = stack.use(new Child<CrowdProcess>(crowdModule));
    const crowd = stack.use(new Child<CrowdProcess>(crowdModule, { nice: 10 }));
    const common = { doors, room, patienceMs };
    await early.call('join', { ...common, name: 'early', people: there, withinMs: there * 100 });
    const browser = stack.adopt(await launchChromium(), (it) => it.close());
    const page = await openPage(await browser.newPage({ bypassCSP: true }), doors);
    await eventually(() => page.evaluate(() => watcher.tiles === 1 || 'no picture'));
    // Another class came and went: a server at work has carried calls before.
    const rehearsal = { ...common, room: 'rehearsal', name: 'before', people: before, withinMs };
    await crowd.call('join', { ...rehearsal, patienceMs: afterMs });
    await crowd.call('leave', undefined as never);
    await sleep(afterMs);
    // What stands still without a storm.
    const quiet = await during(early, page, () => sleep(withinMs + afterMs));
    const groups = [[doors.pid], doors.workerPids, [crowd.pid]];
    let arrivals: Arrival[] = [];
    let busyAfter = 0;
    const cost: Cost = { joining: [], being: [] };
    const stormy = await during(early, page, async () => {
      cost.joining = await cpuSecondsDuring(groups, async () => {
        const storm = { ...common, name: 'student', people, withinMs };
        arrivals = await crowd.call('join', storm, patienceMs + withinMs + 10_000);
      });
      const used = await machineCpuSeconds();
      cost.being = await cpuSecondsDuring(groups, () => sleep(afterMs));
      busyAfter = ((await machineCpuSeconds()) - used) / (afterMs / 1_000) / thisMachine().cores;
    });
    const joins = Math.max(...(await early.call('joins', undefined as never)));
    const outcome = { people, there, arrivals, bare, quiet, stormy, cost, afterMs, busyAfter, joins };
    for (const line of inWords(outcome)) say(line);
    return result(outcome, `${people} in ${withinMs} ms`);
  },
};

async function openPage(page: Page, doors: Doors): Promise<Page> {
  await page.goto(`${doors.url}/healthz`);
  await page.addScriptTag({ content: await bundlePage(pageModule) });
  const token = await tokenFor(doors, room, 'page');
  await page.evaluate((options) => watcher.join(options), { url: doors.url, token, keepSeat: false });
  return page;
}

async function during(early: Child<CrowdProcess>, page: Page, work: () => Promise<unknown>) {
  await early.call('begin', undefined as never);
  await page.evaluate(() => watcher.begin());
  await work();
  return {
    gapMs: Math.max(...(await early.call('gaps', undefined as never))),
    page: await page.evaluate(() => watcher.seen),
  };
}
