import { sleep } from '@weir/core';
import type { Page } from 'playwright-core';
import type { Link } from './links.ts';
import type { Look } from './page.ts';
import type { Site } from './site.ts';

const lookEveryMs = 250;
const narrowBps = 60_000;
const wideBps = 4_000_000;

/** A viewer's call over one line: how it stood from moment to moment. */
export async function watchLink(
  site: Site,
  link: Link,
  { seconds, signal }: { seconds: number; signal: AbortSignal },
): Promise<Look[]> {
  await site.network.setRate('viewer', link.varies?.[0]?.rateBps ?? link.rateBps);
  site.proxy.set({ down: { lossRate: 0, delayMs: 0, jitterMs: 0, ...link.down } });
  return withViewer(site, link.name, link.shows ?? 'camera', async (page) => {
    const ended = new AbortController();
    const varying = vary(site, link, AbortSignal.any([ended.signal, signal]));
    const looks = await watch(page, seconds, signal);
    ended.abort();
    await varying;
    return looks;
  });
}

/** A line that is wide, then narrow, then wide again: when that was, and how the call stood. */
export async function watchRecovery(
  site: Site,
  { seconds, signal }: { seconds: number; signal: AbortSignal },
): Promise<{ looks: Look[]; narrowAt: number; wideAt: number }> {
  await site.network.setRate('viewer', wideBps);
  site.proxy.set({ down: { lossRate: 0, delayMs: 0, jitterMs: 0 } });
  return withViewer(site, 'recovery', 'camera', async (page) => {
    const looks = await watch(page, 8, signal);
    await site.network.setRate('viewer', narrowBps);
    const narrowAt = looks.at(-1)!.ms;
    looks.push(...(await watch(page, seconds, signal)));
    await site.network.setRate('viewer', wideBps);
    const wideAt = looks.at(-1)!.ms;
    looks.push(...(await watch(page, seconds * 2, signal)));
    return { looks, narrowAt, wideAt };
  });
}

async function withViewer<T>(
  site: Site,
  name: string,
  shown: 'camera' | 'screen',
  work: (page: Page) => Promise<T>,
): Promise<T> {
  const page = await site.viewer();
  try {
    const identity = name.replaceAll(/[^a-z0-9]/gi, '-');
    const options = await site.joinOptions(identity, site.viewerUrl, shown);
    await page.evaluate((options) => side.watch(options), options);
    return await work(page);
  } finally {
    await site.network.setRate('viewer', undefined);
    await page.evaluate(() => side.leave()).catch(() => {});
    await page.context().close();
  }
}

async function watch(page: Page, seconds: number, signal: AbortSignal): Promise<Look[]> {
  const looks: Look[] = [];
  const endsAt = performance.now() + seconds * 1000;
  while (performance.now() < endsAt && !signal.aborted) {
    looks.push(await page.evaluate(() => side.look()));
    await sleep(lookEveryMs);
  }
  return looks;
}

async function vary(site: Site, { varies = [] }: Link, signal: AbortSignal): Promise<void> {
  for (let i = 0; varies.length > 0 && !signal.aborted; i++) {
    const { rateBps, ms } = varies[i % varies.length]!;
    await site.network.setRate('viewer', rateBps);
    await sleep(ms, signal);
  }
}
