import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codeBlocks, eventually, freePort, launchChromium, type TempDir, tempDir } from '@weir/testing';
import type { Browser, Page } from 'playwright-core';
import { build, type PreviewServer, preview } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestPlatform, type TestPlatform } from './test-platform.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const slow = { timeoutMs: 30_000 };

let platform: TestPlatform;
let project: TempDir;
let backend: ChildProcess;
let server: PreviewServer;
let browser: Browser;

beforeAll(async () => {
  platform = await startTestPlatform({ workers: 1 });
  project = await tempDir();
  const backendPort = await freePort();
  const files = codeBlocks(await readFile(join(checkout, 'docs', 'quickstart.md'), 'utf8'));
  expect([...files.keys()]).toEqual([
    'server.js',
    'vite.config.ts',
    'index.html',
    'main.ts',
    'react.html',
    'main.tsx',
  ]);
  for (const [name, text] of files) {
    const here = text
      .replaceAll('http://localhost:7420', platform.urls.local)
      .replaceAll('7421', `${backendPort}`);
    await writeFile(join(project.path, name), here);
  }
  await writeFile(join(project.path, 'package.json'), '{"type":"module"}');
  await symlink(join(checkout, 'node_modules'), join(project.path, 'node_modules'));
  const { id, secret } = platform.apiKey;
  const env = { ...process.env, WEIR_KEY: `${id}:${secret}` };
  backend = spawn(process.execPath, ['server.js'], { cwd: project.path, env, stdio: 'inherit' });
  const input = ['index.html', 'react.html'].map((name) => join(project.path, name));
  const config = { root: project.path, logLevel: 'error' as const };
  await build({ ...config, build: { rolldownOptions: { input }, target: 'es2023' } });
  server = await preview({ ...config, preview: { port: await freePort(), strictPort: true } });
  browser = await launchChromium();
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await server?.close();
  backend?.kill();
  await project?.[Symbol.asyncDispose]();
  await platform?.[Symbol.asyncDispose]();
});

async function open(path: string): Promise<Page> {
  const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
  const page = await context.newPage();
  page.setDefaultTimeout(slow.timeoutMs);
  page.on('pageerror', (error) => console.error(path, error));
  await page.goto(new URL(path, server.resolvedUrls!.local[0]).href);
  return page;
}

/** Until the picture moves. */
async function plays(page: Page, video: string): Promise<void> {
  const time = () => page.locator(video).evaluate((element) => (element as HTMLVideoElement).currentTime);
  await page.locator(video).waitFor();
  const before = await time();
  await eventually(async () => (await time()) > before || 'the picture stands still', slow);
}

test('[J3] the pages of docs/quickstart.md: the plain one and the one with React meet in a call', async () => {
  const ada = await open('/?name=ada');
  await ada.locator('#join').click();
  await ada.getByText('connected', { exact: true }).waitFor();
  await plays(ada, 'video[title=you]');
  const ben = await open('/react.html?name=ben');
  await plays(ada, 'video[title=ben]');
  await plays(ben, '[data-testid=tile][data-identity=ada] video');
  await ben.getByTestId('leave-button').click();
  await ada.locator('video[title=ben]').waitFor({ state: 'detached' });
});
