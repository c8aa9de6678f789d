import { readFile } from 'node:fs/promises';
import { ensureWebApp } from '@weir/cli';
import { type PreflightReport, runPreflight } from '@weir/client/preflight';
import { wordsDe } from '@weir/client/preflight/words-de';
import { eventually, freePort, launchChromium, udpProxy } from '@weir/testing';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mediaDetour } from './media-detour.ts';
import { startTestPlatform, type TestPlatform } from './test-platform.ts';

const slow = { timeoutMs: 20_000 };
const forGoodMs = 600_000;
const loopback = '127.0.0.1';

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

/**
 * The page of the test, after it ran, and its report as the page saves it. A machine that is busy with other tests may
 * disturb what is measured: up to three runs until it is as `expected`.
 */
async function tested(
  script: string,
  expected: (report: PreflightReport) => boolean,
): Promise<{ page: Page; report: PreflightReport }> {
  const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  await page.addInitScript({ content: script });
  await page.goto(`${platform.urls.local}/preflight`);
  await page.getByTestId('preflight-start').click();
  let report = await saved(page);
  for (let run = 2; run <= 3 && !expected(report); run++) {
    await page.getByTestId('preflight-again').click();
    await page.locator('[data-verdict=running]').waitFor();
    report = await saved(page);
  }
  return { page, report };
}

async function saved(page: Page): Promise<PreflightReport> {
  await page.getByTestId('preflight-save').waitFor();
  const downloading = page.waitForEvent('download');
  await page.getByTestId('preflight-save').click();
  return JSON.parse(await readFile(await (await downloading).path(), 'utf8'));
}

const check = ({ checks }: PreflightReport, id: string) => checks.find((one) => one.id === id)!;
const found = (report: PreflightReport, ...ids: string[]) => ids.map((id) => check(report, id).code);
const detail = (report: PreflightReport, id: string, label: RegExp) =>
  check(report, id).details.find(([name]) => label.test(name))?.[1];

describe('[E7] the connection test', () => {
  test('on a good path everything works, and nothing of it stays', async () => {
    const { page, report } = await tested('', (report) =>
      ['upload', 'download', 'quality'].every((id) => check(report, id).status === 'ok'),
    );
    const network = [
      'service',
      'signaling',
      'udp',
      'tcp',
      'relay',
      'download',
      'quality',
      'camera',
      'microphone',
    ];
    const measured = JSON.stringify(['upload', 'download', 'quality'].map((id) => check(report, id).details));
    expect(found(report, ...network), measured).toEqual([
      ...['service-ok', 'signaling-ok', 'udp-ok', 'tcp-ok', 'relay-none'],
      ...[
        expect.stringMatching(/^download-(ok|at-least)$/),
        expect.stringMatching(/^quality-(ok|weak)$/),
        'camera-ok',
        'microphone-ok',
      ],
    ]);
    // A machine may be too slow to send that much: then it says that it was the machine.
    expect(found(report, 'upload')).toEqual([expect.stringMatching(/^upload-(ok|slow-computer)$/)]);
    expect(found(report, 'browser', 'codecs')).toEqual(['browser-ok', 'codecs-ok']);
    expect(report.verdict!.level).toMatch(/^(hd|video)$/);
    expect(detail(report, 'udp', /^To$/)).toBe(`${loopback}:${mediaPort}`);
    const media = { host: loopback, port: mediaPort, purpose: 'media', status: 'open' };
    expect(report.firewall).toEqual(
      expect.arrayContaining([
        { ...media, protocol: 'UDP' },
        { ...media, protocol: 'TCP' },
        expect.objectContaining({ purpose: 'service', protocol: 'TCP', status: 'open' }),
      ]),
    );
    const verdict = page.getByTestId('preflight-verdict');
    expect(await verdict.getAttribute('data-verdict')).toBe(report.verdict!.level);

    const names = () => page.locator('.meet-preflight-name').allTextContents();
    expect((await names()).toSorted()).toEqual(report.checks.map(({ title }) => title).toSorted());
    await page.getByTestId('language').selectOption('de');
    await verdict.getByText(wordsDe.verdicts[report.verdict!.level].title, { exact: true }).waitFor();
    const inGerman = report.checks.map(({ code }) => wordsDe.checks[code].title);
    expect((await names()).toSorted()).toEqual(inGerman.toSorted());
    expect(await page.title()).toBe('Verbindungstest');
    await eventually(async () => {
      const rooms = await platform.store.rooms.list();
      return rooms.length === 0 || `there is still ${rooms}`;
    }, slow);
    await page.context().close();
  });

  test('where UDP is blocked it says so, and that calls work over TCP', async () => {
    await using proxy = await udpProxy({ target: { host: loopback, port: mediaPort }, seed: 1 });
    proxy.blackout(forGoodMs);
    const { page, report } = await tested(
      mediaDetour({ port: mediaPort, via: proxy.port, tcp: true }),
      (report) => found(report, 'tcp', 'upload').every((code) => /-ok$/.test(code)),
    );
    expect(proxy.counters.up.dropped.blackout).toBeGreaterThan(0);
    expect(found(report, 'udp', 'tcp')).toEqual(['udp-blocked', 'tcp-ok']);
    expect(detail(report, 'upload', /^Over$/)).toBe('tcp');
    expect(report.verdict!.level).toMatch(/^(hd|video)$/);
    expect(report.firewall.find(({ protocol }) => protocol === 'UDP')!.status).toBe('blocked');
    expect(await page.getByTestId('preflight-firewall').getByText('✗ blocked').count()).toBe(1);
    await page.context().close();
  });

  test('without a browser the service is tested', async () => {
    const report = await runPreflight({ url: platform.urls.local });
    expect(found(report, 'browser', 'service', 'signaling')).toEqual([
      'browser-none',
      'service-ok',
      'signaling-ok',
    ]);
    expect(check(report, 'udp').status).toBe('skipped');
    expect(report.verdict!.level).toBe('unknown');
  });

  test('a thin line is called thin', async () => {
    const thin = { rateBps: 250_000, queueBytes: 20_000 };
    const target = { host: loopback, port: mediaPort };
    await using proxy = await udpProxy({ target, seed: 2, up: thin, down: {} });
    const { page, report } = await tested(mediaDetour({ port: mediaPort, via: proxy.port }), (report) =>
      found(report, 'upload').includes('upload-audio'),
    );
    expect(found(report, 'udp', 'upload')).toEqual(['udp-ok', 'upload-audio']);
    expect(report.verdict!.level, JSON.stringify(report.checks)).toBe('audio');
    expect(detail(report, 'upload', /^Arrived/)).toMatch(/^(\d\d|1\d\d|2\d\d) kbit\/s/);
    await page.context().close();
  });
});
