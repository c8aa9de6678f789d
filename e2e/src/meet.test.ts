import { ensureWebApp } from '@weir/cli';
import { eventually, freePort, launchChromium, udpProxy } from '@weir/testing';
import axe, { type AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mediaDetour } from './media-detour.ts';
import { startTestPlatform, type TestPlatform } from './test-platform.ts';

let platform: TestPlatform;
let browser: Browser;
let mediaPort: number;
beforeAll(async () => {
  await ensureWebApp();
  mediaPort = await freePort();
  platform = await startTestPlatform({ workers: 1, mediaPort });
  browser = await launchChromium();
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await platform?.[Symbol.asyncDispose]();
});

const slow = { timeoutMs: 20_000 };

/** A guest at the preview of a room, in a browser profile of its own. */
async function atPreview(room: string, script = ''): Promise<Page> {
  const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
  await context.addInitScript(script);
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(`${platform.urls.local}/meet/${room}`);
  return page;
}

async function joins(page: Page, name: string): Promise<void> {
  await page.getByTestId('name-input').fill(name);
  await page.getByTestId('join-button').click();
}

async function inCall(room: string, name: string, script?: string): Promise<Page> {
  const page = await atPreview(room, script);
  await joins(page, name);
  await page.getByTestId('call').waitFor();
  return page;
}

const tileOf = (page: Page, name: string) => page.getByTestId('tile').filter({ hasText: name });

/** Until the page shows a moving picture under that name. */
async function seesLive(page: Page, name: string): Promise<void> {
  await eventually(async () => {
    const tile = tileOf(page, name);
    if ((await tile.count()) !== 1) return `${await tile.count()} tiles of ${name}`;
    const [live, status] = [await tile.getAttribute('data-live'), await tile.getAttribute('data-status')];
    if (live !== 'true') return `the tile says live=${live}, ${status}`;
    const time = () => tile.locator('video').evaluate((video) => (video as HTMLVideoElement).currentTime);
    const before = await time();
    return eventually(async () => (await time()) > before || 'the picture stands still', {
      timeoutMs: 2_000,
    });
  }, slow);
}

/** What axe-core finds wrong on the page by WCAG 2.1 AA, in words. */
async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source); // By the debugger: the page's own policy allows no foreign script.
  const run = `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })`;
  const { violations } = await page.evaluate<AxeResults>(run);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' ')}`);
}

/** Which heights an element has in the half second after it appears. */
const heightsOf = (page: Page, selector: string): Promise<number[]> =>
  page.evaluate(async (selector) => {
    const heights = new Set<number>();
    let endsAt = performance.now() + 20_000;
    while (performance.now() < endsAt) {
      await new Promise(requestAnimationFrame);
      const height = document.querySelector<HTMLElement>(selector)?.offsetHeight;
      if (height === undefined) continue;
      if (heights.size === 0) endsAt = performance.now() + 500;
      heights.add(height);
    }
    return [...heights];
  }, selector);

const close = (...pages: Page[]) => Promise.all(pages.map((page) => page.context().close()));

describe('[J3] the meeting app', () => {
  test('preview, join, see each other, chat, mute, leave', async () => {
    const ada = await atPreview('first-room');
    const preview = ada.locator('video').first();
    await eventually(
      () => preview.evaluate((video) => (video as HTMLVideoElement).videoWidth > 0 || 'no preview'),
      slow,
    );
    await ada.getByTestId('join-button').click();
    await ada.getByTestId('name-input').waitFor(); // Nobody joins without a name.
    expect(await ada.getByTestId('call').count()).toBe(0);
    await joins(ada, 'Ada');
    await ada.getByTestId('call').waitFor();
    const ben = await inCall('first-room', 'Ben');
    await seesLive(ada, 'Ben');
    await seesLive(ben, 'Ada');

    await ada.getByTestId('chat-button').click();
    await ada.getByTestId('chat-input').fill('Can you hear me?');
    await ada.getByTestId('chat-input').press('Enter');
    await ben.getByTestId('chat-button').click();
    await ben.getByTestId('chat-message').filter({ hasText: 'Can you hear me?' }).waitFor();
    await ben.getByTestId('chat-input').fill('Loud and clear');
    await ben.getByTestId('chat-send').click();
    await ada.getByTestId('chat-message').filter({ hasText: 'Loud and clear' }).waitFor();

    const mutedAtAda = tileOf(ada, 'Ben').getByRole('img', { name: 'Muted' });
    expect(await mutedAtAda.count()).toBe(0);
    await ben.getByTestId('mic-button').click();
    await mutedAtAda.waitFor();
    await ben.getByTestId('mic-button').click();
    await mutedAtAda.waitFor({ state: 'detached' });

    await ben.getByTestId('camera-button').click();
    await eventually(
      async () => (await tileOf(ada, 'Ben').getAttribute('data-live')) === 'false' || 'still live',
      slow,
    );
    await ben.getByTestId('camera-button').click();
    await seesLive(ada, 'Ben');

    await ben.getByTestId('leave-button').click();
    await ben.getByTestId('ended-page').waitFor();
    await eventually(async () => (await tileOf(ada, 'Ben').count()) === 0 || 'Ben is still there');
    await ben.getByTestId('rejoin-button').click();
    await seesLive(ada, 'Ben');
    await close(ada, ben);
  });

  test('without barriers: preview, call, panels, keys, another language, the end', async () => {
    const ada = await atPreview('barriers');
    await ada.getByTestId('name-input').waitFor();
    expect(await barriers(ada)).toEqual([]);
    await joins(ada, 'Ada');
    await ada.getByTestId('call').waitFor();
    const ben = await inCall('barriers', 'Ben');
    await seesLive(ada, 'Ben');
    await ada.getByTestId('chat-button').click();
    await ada.getByTestId('chat-panel').waitFor();
    expect(await barriers(ada)).toEqual([]);
    await ada.getByTestId('participants-button').click();
    await ada.getByTestId('participants-panel').waitFor();
    expect(await barriers(ada)).toEqual([]);
    await ada.keyboard.press('Escape');

    await ada.getByTestId('reaction-button').click();
    // It is there for a moment only: who looks afterwards may be late.
    const seen = ben.getByTestId('reaction').filter({ hasText: 'Ada' }).waitFor();
    await ada.getByTestId('react-agree').click();
    await seen;
    await ben.keyboard.press('h');
    await tileOf(ada, 'Ben').getByRole('img', { name: 'number 1 in line' }).waitFor();
    await ben.keyboard.press('?');
    await ben.getByTestId('shortcuts').waitFor();
    await ben.keyboard.press('Escape');
    await ben.getByTestId('shortcuts').waitFor({ state: 'detached' });
    await ben.getByTestId('options-button').click();
    await ben.getByTestId('language-de').click();
    await ben.getByRole('button', { name: 'Verlassen' }).waitFor();
    await seesLive(ben, 'Ada'); // The call goes on.
    await ben.getByTestId('leave-button').click();
    await ben.getByText('Sie haben den Anruf verlassen').waitFor();
    expect(await barriers(ben)).toEqual([]);
    await close(ada, ben);
  });

  test('[A4] a reload keeps the seat and comes back without a preview', async () => {
    const ada = await inCall('reload', 'Ada');
    const ben = await inCall('reload', 'Ben');
    await seesLive(ada, 'Ben');
    await seesLive(ben, 'Ada');
    const participant = () => tileOf(ada, 'Ben').getAttribute('data-participant');
    const before = await participant();
    await ben.reload();
    await ben.getByTestId('call').waitFor();
    expect(await ben.getByTestId('join-button').count()).toBe(0);
    await seesLive(ada, 'Ben');
    await seesLive(ben, 'Ada');
    expect(await participant()).toBe(before);
    await close(ada, ben);
  });

  test('[SG21] the lobby: the first to come lets others in, or not', async () => {
    const host = await inCall('waiting-room', 'Host');
    await host.evaluate(async () => {
      await navigator.mediaDevices.enumerateDevices(); // As the app has asked before: by now it knows.
      await new Promise(requestAnimationFrame);
    });
    const heights = heightsOf(host, '.weir-menu');
    await host.getByTestId('options-button').click();
    expect((await heights).length, 'a menu that grows under the pointer gets the click').toBe(1);
    await host.getByTestId('lobby-switch').click();
    await host.keyboard.press('Escape');
    const guest = await atPreview('waiting-room');
    await joins(guest, 'Guest');
    await guest.getByTestId('lobby-waiting').waitFor();
    const stranger = await atPreview('waiting-room');
    await joins(stranger, 'Stranger');
    await stranger.getByTestId('lobby-waiting').waitFor();
    expect(await tileOf(host, 'Guest').count()).toBe(0);
    if (!(await host.getByTestId('lobby-person').count()))
      await host.getByTestId('participants-button').click();
    const waiting = (name: string) => host.getByTestId('lobby-person').filter({ hasText: name });
    await waiting('Guest').getByTestId('lobby-admit').click();
    await waiting('Stranger').getByTestId('lobby-refuse').click();
    await stranger.getByTestId('ended-page').waitFor();
    await seesLive(host, 'Guest');
    await seesLive(guest, 'Host');
    expect(await tileOf(host, 'Stranger').count()).toBe(0);
    await close(host, guest, stranger);
  });

  test('a lossy line is told in words, with the numbers behind them', async () => {
    await using proxy = await udpProxy({ target: { host: '127.0.0.1', port: mediaPort }, seed: 7 });
    const ada = await inCall('lossy', 'Ada', mediaDetour({ port: mediaPort, via: proxy.port }));
    const ben = await inCall('lossy', 'Ben');
    await seesLive(ada, 'Ben');
    const mark = tileOf(ada, 'Ben').getByTestId('quality');
    expect(await mark.getAttribute('data-level')).toBe('good');
    proxy.set({ down: { lossRate: 0.2 } });
    await eventually(
      async () => (await mark.getAttribute('data-level')) !== 'good' || 'still told as good',
      slow,
    );
    await mark.click();
    const details = ada.getByTestId('quality-details');
    await details.getByText('Details').click();
    await eventually(async () => {
      const numbers = (await details.locator('dl').first().textContent()) ?? '';
      const [, loss] = /Loss([\d.]+) %/.exec(numbers) ?? [];
      return Number(loss) > 5 || `the numbers are ${numbers}`;
    }, slow);
    await close(ada, ben);
  });

  test('signaling that restarts is a banner at most, not an end', async () => {
    const ada = await inCall('restart', 'Ada');
    const ben = await inCall('restart', 'Ben');
    await seesLive(ada, 'Ben');
    await platform.restartSignaling();
    await eventually(
      async () => (await ada.evaluate(() => weirRoom!.status)) === 'connected' || 'not connected',
      slow,
    );
    await eventually(
      async () => (await ada.getByTestId('status-banner').count()) === 0 || 'the banner stays',
    );
    await seesLive(ada, 'Ben');
    await seesLive(ben, 'Ada');
    await close(ada, ben);
  });
});

declare global {
  /** Set by the app. */
  var weirRoom: { status: string } | undefined;
}
