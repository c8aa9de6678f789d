import { fileURLToPath } from 'node:url';
import { withDeadline } from '@weir/core';
import { bundlePage, launchUnloggedChromium } from '@weir/testing';
import type { CDPSession, Page } from 'puppeteer-core';
import { type Doors, tokenFor } from '../measure/peers.ts';
import { rssBytes } from '../measure/process-usage.ts';
import { heapShares } from './heap-snapshot.ts';

const visitTimeoutMs = 20_000;

/** What a page holds after garbage collection. */
export type PageMemory = {
  objects: number;
  code: number;
  nodes: number;
  listeners: number;
  rendererRss: number;
};

/** Somebody in a browser who comes to a room and goes again, always in the same page. */
export class Visitor {
  readonly #page: Page;
  readonly #doors: Doors;
  readonly #devtools: CDPSession;
  readonly #rendererPid: number;

  static async start(doors: Doors, stack: AsyncDisposableStack): Promise<Visitor> {
    const browser = stack.adopt(await launchUnloggedChromium(), (it) => it.close());
    const page = await browser.newPage();
    await page.setBypassCSP(true);
    await page.goto(`${doors.url}/healthz`);
    await page.addScriptTag({
      content: await bundlePage(fileURLToPath(new URL('page.ts', import.meta.url))),
    });
    const devtools = await page.createCDPSession();
    await devtools.send('Performance.enable');
    const browserTools = await browser.target().createCDPSession();
    const { processInfo } = await browserTools.send('SystemInfo.getProcessInfo');
    const renderers = processInfo.filter(({ type }) => type === 'renderer');
    const busiest = renderers.sort((a, b) => b.cpuTime - a.cpuTime)[0]; // A spare one may wait for the next page.
    return new Visitor(page, doors, devtools, busiest?.id ?? 0);
  }

  private constructor(page: Page, doors: Doors, devtools: CDPSession, rendererPid: number) {
    this.#page = page;
    this.#doors = doors;
    this.#devtools = devtools;
    this.#rendererPid = rendererPid;
  }

  async visit(room: string, identity: string): Promise<void> {
    const { url } = this.#doors;
    const token = await tokenFor(this.#doors, room, identity);
    const visiting = this.#page.evaluate((options) => visitRoom(options), { url, token });
    await withDeadline(visiting, visitTimeoutMs, `the visit of ${identity}`);
  }

  /** The same without Weir. */
  async visitBare(): Promise<void> {
    await withDeadline(
      this.#page.evaluate(() => visitWithoutWeir()),
      visitTimeoutMs,
      'a visit without Weir',
    );
  }

  async memory(): Promise<PageMemory> {
    // What the browser keeps only as long as there is plenty comes and goes by megabytes.
    await this.#devtools.send('Memory.simulatePressureNotification', { level: 'critical' });
    for (let i = 0; i < 3; i++) await this.#devtools.send('HeapProfiler.collectGarbage');
    const { metrics } = await this.#devtools.send('Performance.getMetrics');
    const metric = (name: string) => metrics.find((m) => m.name === name)?.value ?? Number.NaN;
    const rendererRss = await rssBytes(this.#rendererPid); // Before a snapshot, which takes much itself.
    return {
      ...(await heapShares(this.#devtools)),
      nodes: metric('Nodes'),
      listeners: metric('JSEventListeners'),
      rendererRss,
    };
  }
}
