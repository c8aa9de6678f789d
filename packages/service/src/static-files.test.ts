import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger } from '@weir/core';
import { tempDir } from '@weir/testing';
import { expect, test } from 'vitest';
import { closeHttp, httpServer } from './http-server.ts';
import { serveStatic } from './static-files.ts';

async function serve(prefix?: string) {
  const dir = await tempDir();
  const files = {
    'index.html': '<!doctype html>',
    'favicon-settings.svg': '<svg/>',
    'meet-assets/main-B1c_d-3f.js': 'hashed()',
    'meet-assets/plain.js': 'plain()',
    '.env': 'SECRET=1',
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(dir.path, name, '..'), { recursive: true });
    await writeFile(join(dir.path, name), text);
  }
  const app = await httpServer({ logger: silentLogger });
  app.get('/v1/rooms', async () => []);
  await serveStatic(app, dir.path, { ...(prefix && { prefix }), spaFallback: ['/', '/meet/:room'] });
  await app.ready();
  return {
    get: (url: string, headers = {}) => app.inject({ url, headers }),
    async [Symbol.asyncDispose]() {
      await closeHttp(app);
      await dir[Symbol.asyncDispose]();
    },
  };
}

test.each([
  ['/meet-assets/main-B1c_d-3f.js', 'hashed()', 'public, max-age=31536000, immutable'],
  ['/meet-assets/plain.js', 'plain()', 'no-cache'],
  ['/favicon-settings.svg', '<svg/>', 'no-cache'],
  ['/index.html', '<!doctype html>', 'no-cache'],
  ['/', '<!doctype html>', 'no-cache'],
  ['/meet/ward-3', '<!doctype html>', 'no-cache'],
  ['/meet/ward-3?token=x', '<!doctype html>', 'no-cache'],
])('%s', async (path, body, cacheControl) => {
  await using app = await serve();
  const answer = await app.get(path);
  expect(answer).toMatchObject({ statusCode: 200, body });
  expect(answer.headers['cache-control']).toBe(cacheControl);
  const again = await app.get(path, { 'if-none-match': answer.headers.etag });
  expect(again.statusCode).toBe(304);
});

test.each([
  '/nothing',
  '/meet',
  '/meet/a/b',
  '/meet-assets/gone-12345678.js',
  '/.env',
  '/../package.json',
  '/%2e%2e/package.json',
  '/meet-assets/..%2f..%2fpackage.json',
  '/v1/nothing',
])('%s is not there', async (path) => {
  await using app = await serve();
  const answer = await app.get(path);
  expect(answer.statusCode).toBe(404);
  expect(answer.json().code).toBe('not-found');
});

test('under a prefix, beside the API', async () => {
  await using app = await serve('/console/');
  expect((await app.get('/console/meet-assets/plain.js')).body).toBe('plain()');
  expect((await app.get('/meet-assets/plain.js')).statusCode).toBe(404);
  expect((await app.get('/v1/rooms')).json()).toEqual([]);
});
