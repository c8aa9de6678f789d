import { fileURLToPath } from 'node:url';
import { childrenOf, Fleet, type FleetNode } from '@weir/cli/testing';
import { PlatformError } from '@weir/core';
import { bundlePage, eventually, launchChromium } from '@weir/testing';
import type { Browser, Page } from 'playwright-core';
import { Child } from '../measure/child.ts';
import { type Doors, joinWithCamera, tokenFor } from '../measure/peers.ts';
import { cpuSeconds } from '../measure/process-usage.ts';
import type { CrowdProcess } from './crowd.ts';

const crowdModule = new URL('crowd.ts', import.meta.url);
const pageModule = fileURLToPath(new URL('../storm/page.ts', import.meta.url));

/** A fleet of processes whose nodes can be killed or cut off, and the people who are in calls on it. */
export class Stage implements AsyncDisposable {
  readonly crowd: Child<CrowdProcess>;
  readonly doors: Doors;
  /** Where everybody's signaling is. */
  readonly front: FleetNode;
  readonly #fleet: Fleet;
  #browser: Browser | undefined;
  readonly #stack: AsyncDisposableStack;
  #nodes = 0;

  static async start(): Promise<Stage> {
    await using stack = new AsyncDisposableStack();
    const fleet = stack.use(await Fleet.start());
    const front = await fleet.serve('front-1', 'director,signaling', ['--requests-per-minute', '1000000']);
    const { apiKey, urls } = await fleet.place(front);
    const crowd = stack.use(new Child<CrowdProcess>(crowdModule));
    return new Stage(fleet, front, { apiKey, url: urls.local }, crowd, stack.move());
  }

  private constructor(
    fleet: Fleet,
    front: FleetNode,
    doors: Doors,
    crowd: Child<CrowdProcess>,
    stack: AsyncDisposableStack,
  ) {
    this.#fleet = fleet;
    this.front = front;
    this.doors = doors;
    this.crowd = crowd;
    this.#stack = stack;
  }

  /** Another node of these roles, ready to take people. */
  serve(roles: string, options: string[] = []): Promise<FleetNode> {
    return this.#fleet.serve(`node-${++this.#nodes}`, roles, options);
  }

  /** A room for calls; `warm`: everybody in it is connected to a second node as well. */
  async openRoom(roomId: string, warm: boolean): Promise<void> {
    const { url, apiKey } = this.doors;
    const authorization = `Basic ${btoa(`${apiKey.id}:${apiKey.secret}`)}`;
    const answer = await fetch(`${url}/v1/rooms`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify({ roomId, settings: { standby: warm ? 'warm' : 'none' } }),
    });
    if (!answer.ok) throw new PlatformError('internal', `room ${roomId}: ${await answer.text()}`);
  }

  /** A page that watches a headless peer's camera in a room of their own. */
  async watchPage(room: string, warm: boolean): Promise<{ page: Page } & AsyncDisposable> {
    this.#browser ??= this.#stack.adopt(await launchChromium(), (it) => it.close());
    await this.openRoom(room, warm);
    await using stack = new AsyncDisposableStack();
    stack.adopt(await joinWithCamera(this.doors, room, 'publisher'), (it) => it.leave());
    const page = stack.adopt(await this.#browser.newPage({ bypassCSP: true }), (it) => it.close());
    await page.goto(`${this.doors.url}/healthz`);
    await page.addScriptTag({ content: await bundlePage(pageModule) });
    const token = await tokenFor(this.doors, room, 'page');
    await page.evaluate((options) => watcher.join(options), { url: this.doors.url, token, keepSeat: false });
    await eventually(() => page.evaluate(() => watcher.tiles === 1 || 'no picture'), { timeoutMs: 20_000 });
    const standsBy = () => page.evaluate(() => watcher.standsBy || 'not connected to a second node');
    if (warm) await eventually(standsBy, { timeoutMs: 20_000 });
    const moved = stack.move();
    return { page, [Symbol.asyncDispose]: () => moved.disposeAsync() };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** CPU time of a process and those that it started, as far as they live; 0 when it does not. */
export async function treeCpuSeconds(pid: number): Promise<number> {
  const own = await cpuSeconds(pid).catch(() => undefined);
  if (own === undefined) return 0;
  const children = await Promise.all((await childrenOf(pid).catch(() => [])).map(treeCpuSeconds));
  return children.reduce((sum, seconds) => sum + seconds, own);
}
