import { fileURLToPath } from 'node:url';
import { withDeadline } from '@weir/core';
import { bundlePage } from '@weir/testing';
import type { Browser } from 'playwright-core';
import { type Doors, tokenFor } from '../measure/peers.ts';
import type { JoinTimes } from './steps.ts';

const joinTimeoutMs = 20_000;

/** `fresh`: nothing loaded before the join. `prepared`: the page called `Room.prepare` before. */
export type Start = 'fresh' | 'prepared';

/** One person's join to `room`, in a page and a browser profile of its own. */
export async function joinOnce(
  browser: Browser,
  site: Doors,
  { room, identity, start }: { room: string; identity: string; start: Start },
): Promise<JoinTimes> {
  const token = await tokenFor(site, room, identity);
  const context = await browser.newContext({ bypassCSP: true });
  try {
    const page = await context.newPage();
    await page.goto(`${site.url}/healthz`);
    await page.addScriptTag({
      content: await bundlePage(fileURLToPath(new URL('page.ts', import.meta.url))),
    });
    const { url } = site;
    if (start === 'prepared') await page.evaluate(() => joiner.prepare());
    const joining = page.evaluate((options) => joiner.join(options), { url, token, keepSeat: false });
    return await withDeadline(joining, joinTimeoutMs, `the join of ${identity}`);
  } finally {
    await context.close();
  }
}
