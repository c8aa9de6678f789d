import { fileURLToPath } from 'node:url';
import { startTestPlatform } from '@weir/cli/testing';
import type { Room } from '@weir/client';
import { receiverOf } from '@weir/peer';
import {
  browserKitScript,
  bundlePage,
  chromiumPath,
  createNetwork,
  eventually,
  launchChromium,
  type Network,
} from '@weir/testing';
import type { Page } from 'playwright-core';
import { type Doors, joinWithCamera, tokenFor } from '../measure/peers.ts';
import type { Gaps } from './page.ts';

/** How long it all stood still, in ms: picture and sound on the page, and its own picture and sound at the other end. */
export type Stillness = Gaps & { sentVideoMs: number; sentAudioMs: number };

const settleMs = 4_000;
/** What comes at least so often flows. */
const flowingMs = 300;

/** A call between a page on a machine with two networks, behind address translation, and somebody who stays at home. */
export class Journey {
  readonly network: Network<'server' | 'phone'>;
  readonly page: Page;
  readonly #home: Room;
  readonly #gaps = new Map<'camera' | 'microphone', { frames: number; at: number; longestMs: number }>();
  /** What the one at home was told of the traveller. */
  readonly told: string[] = [];

  static async start(stack: AsyncDisposableStack): Promise<Journey> {
    const network = stack.use(
      await createNetwork({ hosts: { server: { main: true }, phone: { links: 2, nat: 'symmetric' } } }),
    );
    await network.unplug('phone', 1);
    const host = network.address('server');
    const platform = stack.use(
      await startTestPlatform({
        host: '0.0.0.0',
        workers: 1,
        mediaListen: [{ ip: host }],
      }),
    );
    const home: Doors = { apiKey: platform.apiKey, url: platform.urls.local };
    const away: Doors = { ...home, url: `http://${host}:${new URL(home.url).port}` };
    const room = stack.adopt(await joinWithCamera(home, 'journey', 'home'), (it) => it.leave());
    const browser = stack.adopt(
      await launchChromium({
        executablePath: await network.executable('phone', await chromiumPath()),
        args: [`--unsafely-treat-insecure-origin-as-secure=${away.url}`],
        timeoutMs: 90_000,
      }),
      (it) => it.close(),
    );
    const context = await browser.newContext();
    // With the permission Chromium looks for paths on every interface, as in a call with a real camera.
    await context.grantPermissions(['camera', 'microphone'], { origin: away.url });
    const page = await context.newPage();
    const entry = fileURLToPath(new URL('page.ts', import.meta.url));
    await page.addInitScript({ content: `${browserKitScript()};\n${await bundlePage(entry)}` });
    await page.goto(`${away.url}/healthz`);
    const options = { url: away.url, token: await tokenFor(away, 'journey', 'away') };
    await page.evaluate((options) => traveller.join(options), options);
    const journey = new Journey(network, page, room);
    const timer = setInterval(() => journey.#look(), 10);
    stack.defer(() => clearInterval(timer));
    await journey.untilLive();
    await new Promise((resolve) => setTimeout(resolve, settleMs)); // Paths are found, and what is kept in reserve.
    return journey;
  }

  private constructor(network: Network<'server' | 'phone'>, page: Page, home: Room) {
    this.network = network;
    this.page = page;
    this.#home = home;
    for (const event of ['participantJoined', 'participantLeft'] as const)
      home.events.on(event, (...[{ identity }]) => void this.told.push(`${event} ${identity}`));
    for (const remote of home.remotes.values())
      for (const source of ['camera', 'microphone'] as const)
        void remote.publication(source)?.setSubscribed(true);
    home.events.on('trackPublished', (publication) => void publication.setSubscribed(true));
  }

  /** Until picture and sound flow both ways. */
  async untilLive(timeoutMs = 60_000): Promise<void> {
    await eventually(
      async () => {
        const now = performance.now();
        const { videoMs, audioMs } = await this.page.evaluate(() => traveller.silence);
        const silence = { videoMs, audioMs, sentVideoMs: 0, sentAudioMs: 0 };
        for (const [source, { at }] of this.#gaps)
          silence[source === 'camera' ? 'sentVideoMs' : 'sentAudioMs'] = Math.round(now - at);
        const flows = this.#gaps.size === 2 && Object.values(silence).every((ms) => ms < flowingMs);
        return flows || `nothing came for ${JSON.stringify(silence)}`;
      },
      { timeoutMs },
    );
  }

  /** How long it all stood still from before `change` until it flows again both ways. */
  async during(change: () => Promise<void>): Promise<Stillness> {
    await this.untilLive();
    await this.page.evaluate(() => traveller.begin());
    const now = performance.now();
    for (const gap of this.#gaps.values()) Object.assign(gap, { at: now, longestMs: 0 });
    await change();
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    await this.untilLive();
    const gaps = await this.page.evaluate(() => traveller.gaps);
    const sent = (source: 'camera' | 'microphone') => this.#gaps.get(source)!.longestMs;
    const all = { ...gaps, sentVideoMs: sent('camera'), sentAudioMs: sent('microphone') };
    return Object.fromEntries(Object.entries(all).map(([key, ms]) => [key, Math.round(ms)])) as Stillness;
  }

  /** Stops every process of the browser, as a laptop that is closed, and lets them go on. */
  async sleep(ms: number): Promise<void> {
    const pids = (await this.network.run('phone', 'ip', ['netns', 'pids', await this.#namespace()]))
      .split('\n')
      .filter(Boolean)
      .map(Number);
    const signal = (name: NodeJS.Signals) => {
      for (const pid of pids)
        try {
          process.kill(pid, name);
        } catch {
          // It has ended.
        }
    };
    signal('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, ms));
    signal('SIGCONT');
  }

  async #namespace(): Promise<string> {
    return (await this.network.run('phone', 'ip', ['netns', 'identify'])).trim();
  }

  #look(): void {
    const now = performance.now();
    const [traveller] = this.#home.remotes.values();
    for (const source of ['camera', 'microphone'] as const) {
      const track = traveller?.publication(source)?.mediaTrack;
      const frames = (track && receiverOf(track)?.statistics.frames) ?? 0;
      const gap = this.#gaps.get(source) ?? { frames: 0, at: now, longestMs: 0 };
      this.#gaps.set(source, gap);
      gap.longestMs = Math.max(gap.longestMs, now - gap.at);
      if (frames === gap.frames) continue;
      gap.frames = frames;
      gap.at = now;
    }
  }
}
