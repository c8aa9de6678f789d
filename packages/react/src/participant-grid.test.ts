import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Rect } from './stage-layout.ts';

/** What the page of ../fixtures lets a test do. */
type Stage = {
  join(id: string, camera?: boolean): void;
  leave(id: string): void;
  publish(id: string, source: 'camera' | 'screen'): void;
  unpublish(id: string, source: 'camera' | 'screen'): void;
  freeze(trackId: string): void;
  thaw(trackId: string): void;
  update(id: string, changes: object): void;
  speak(...ids: string[]): void;
};
declare const stage: Stage;

let folder: string;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-stage-'));
  await build({
    configFile: false,
    root: join(import.meta.dirname, '../fixtures'),
    base: './',
    logLevel: 'silent',
    build: { outDir: folder, emptyOutDir: true, minify: false, modulePreload: false },
  });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_BIN ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--allow-file-access-from-files'],
  });
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  page = await browser.newPage({ viewport: { width: 1200, height: 700 } });
  await page.goto(pathToFileURL(join(folder, 'index.html')).href);
  await page.waitForSelector('[data-testid=tile]');
});

afterEach(() => page.close());

const tile = (id: string, source = 'camera') =>
  page.locator(`[data-testid=tile][data-participant="${id}"][data-source=${source}]`);
const picture = (id: string, source?: string) => tile(id, source).getAttribute('data-picture');
const waitFor = (read: () => Promise<unknown>, expected: unknown, timeout = 8_000) =>
  expect.poll(read, { timeout }).toBe(expected);

const idsShown = () =>
  page.$$eval('[data-testid=tile]', (tiles) =>
    tiles.map((element) => element.getAttribute('data-participant')!),
  );

/** Where the tiles are once they have arrived there. */
async function rects(): Promise<Rect[]> {
  await page.waitForTimeout(400);
  return page.$$eval('.weir-tile:not([data-place=corner])', (tiles) =>
    tiles.map((element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      return { x, y, width, height };
    }),
  );
}

test('a picture that stops is told as frozen, and as live when it moves again', async () => {
  await page.evaluate(() => stage.join('alice'));
  await waitFor(() => picture('alice'), 'live');
  expect(await tile('alice').getAttribute('data-live')).toBe('true');
  await page.evaluate(() => stage.freeze('alice-camera'));
  await waitFor(() => picture('alice'), 'frozen');
  expect(await tile('alice').getAttribute('data-live')).toBe('false');
  expect(await tile('alice').textContent()).toContain('frozen');
  const filter = await tile('alice')
    .locator('video')
    .evaluate((video) => getComputedStyle(video).filter);
  expect(filter).toContain('grayscale');
  await page.evaluate(() => stage.thaw('alice-camera'));
  await waitFor(() => picture('alice'), 'live');
});

test('a participant whose connection is away never looks live', async () => {
  await page.evaluate(() => stage.join('alice'));
  await waitFor(() => tile('alice').getAttribute('data-live'), 'true');
  await page.evaluate(() => stage.update('alice', { status: 'reconnecting' }));
  await waitFor(() => tile('alice').getAttribute('data-live'), 'false');
  expect(await tile('alice').textContent()).toContain('Reconnecting');
});

test('who is gone for long, and shows nothing any more, has no tile until they are back at their place', async () => {
  await page.evaluate(() => {
    for (const id of ['alice', 'bob', 'carol']) stage.join(id);
  });
  await waitFor(() => picture('alice'), 'live');
  const before = await rects();
  // The server lost alice’s connection, but pictures still come; of bob none do.
  await page.evaluate(() => {
    stage.update('alice', { status: 'reconnecting' });
    stage.update('bob', { status: 'reconnecting' });
    stage.freeze('bob-camera');
  });
  await waitFor(() => picture('bob'), 'frozen');
  await expect.poll(idsShown, { timeout: 15_000 }).toEqual(['', 'alice', 'carol']);
  expect(await picture('alice')).toBe('live');
  await page.evaluate(() => stage.update('bob', { status: 'connected' }));
  await expect.poll(idsShown).toEqual(['', 'alice', 'bob', 'carol']);
  expect(await rects()).toEqual(before);
});

test('nobody’s picture restarts and nobody changes order as others come and go', async () => {
  await page.evaluate(() => stage.join('alice'));
  await waitFor(() => picture('alice'), 'live');
  await tile('alice')
    .locator('video')
    .evaluate((video) => video.setAttribute('data-first', ''));
  await page.evaluate(() => {
    for (const id of ['bob', 'carol', 'dan', 'eve']) stage.join(id);
    stage.leave('carol');
    stage.publish('bob', 'screen');
  });
  await waitFor(() => picture('bob', 'screen'), 'live');
  expect(await tile('alice').locator('video[data-first]').count()).toBe(1);
  expect(await picture('alice')).toBe('live');
  const order = await page.$$eval('[data-testid=tile][data-source=camera]', (tiles) =>
    tiles.map((element) => element.getAttribute('data-participant')),
  );
  expect(order).toEqual(['', 'alice', 'bob', 'dan', 'eve']);
});

test.each([
  [1, 1200, 700],
  [4, 1200, 700],
  [11, 1200, 700],
  [11, 320, 568],
  [60, 1200, 700],
  [60, 320, 568],
])('%i others fit into %i × %i', async (count, width, height) => {
  await page.setViewportSize({ width, height });
  await page.evaluate((count) => {
    for (let i = 0; i < count; i++) stage.join(`p${i}`, false);
  }, count);
  await waitFor(async () => (await page.locator('.weir-tile').count()) > 1, true);
  const tiles = await rects();
  for (const [i, a] of tiles.entries()) {
    expect(a.x).toBeGreaterThanOrEqual(0);
    expect(a.y).toBeGreaterThanOrEqual(0);
    expect(a.x + a.width).toBeLessThanOrEqual(width);
    expect(a.y + a.height).toBeLessThanOrEqual(height);
    for (const b of tiles.slice(i + 1))
      expect(a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height).toBe(
        false,
      );
  }
  const seen = new Set<string>();
  for (;;) {
    for (const id of await idsShown()) seen.add(id);
    const next = page.getByRole('button', { name: 'Next page' });
    if (!(await next.count()) || (await next.isDisabled())) break;
    await next.click();
  }
  expect(seen.size).toBe(count + 1);
});

test('who speaks without a place on the stage gets one', async () => {
  await page.evaluate(() => {
    for (let i = 0; i < 60; i++) stage.join(`p${i}`, false);
  });
  await waitFor(() => page.getByTestId('pager').count(), 1);
  expect(await tile('p59').count()).toBe(0);
  const before = await rects();
  await page.evaluate(() => stage.speak('p59'));
  await waitFor(() => tile('p59').count(), 1);
  expect(await rects()).toEqual(before);
  expect(await tile('p0').count()).toBe(1);
});

test('a shared screen is large, beside the others, unless the grid is chosen', async () => {
  await page.evaluate(() => {
    stage.join('alice');
    stage.join('bob');
    stage.publish('alice', 'screen');
  });
  await waitFor(() => picture('alice', 'screen'), 'live');
  const [screen, ...others] = await rects();
  for (const other of others) {
    expect(other.width * other.height * 4).toBeLessThan(screen!.width * screen!.height);
    expect(other.x).toBeGreaterThanOrEqual(screen!.x + screen!.width);
  }
  await page.getByTestId('layout-button').click();
  await page.getByTestId('layout-grid').click();
  const back = await rects();
  expect(new Set(back.map(({ width }) => width)).size).toBe(1);
  await tile('bob').getByRole('button', { name: /^Pin/ }).click();
  expect(await tile('bob').getAttribute('data-place')).toBe('main');
  await tile('bob')
    .getByRole('button', { name: /^Unpin/ })
    .click();
  await waitFor(() => tile('bob').getAttribute('data-place'), 'tile');
  await page.evaluate(() => stage.unpublish('alice', 'screen'));
  await waitFor(() => tile('alice', 'screen').count(), 0);
});

test('in the speaker layout who speaks becomes large, and only two tiles change places', async () => {
  await page.evaluate(() => {
    for (const id of ['alice', 'bob', 'carol', 'dan']) stage.join(id);
    stage.speak('alice');
  });
  await page.getByTestId('layout-button').click();
  await page.getByTestId('layout-speaker').click();
  await waitFor(() => tile('alice').getAttribute('data-place'), 'main');
  const placeOf = async (id: string) => {
    await rects(); // Until all have arrived.
    return tile(id).boundingBox();
  };
  const [alice, bob, carol, dan] = [
    await placeOf('alice'),
    await placeOf('bob'),
    await placeOf('carol'),
    await placeOf('dan'),
  ];
  await page.evaluate(() => stage.speak('carol'));
  await waitFor(() => tile('carol').getAttribute('data-place'), 'main');
  expect([
    await placeOf('alice'),
    await placeOf('bob'),
    await placeOf('carol'),
    await placeOf('dan'),
  ]).toEqual([carol, bob, alice, dan]);
});
