import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger } from '@weir/core';
import { closeHttp, httpServer } from '@weir/service';
import { tempDir } from '@weir/testing';
import { expect, test } from 'vitest';
import { serveBrand } from './brand.ts';

async function served(files: Record<string, string>) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await tempDir());
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text);
  const app = stack.adopt(await httpServer({ logger: silentLogger }), closeHttp);
  await serveBrand(app, folder.path);
  const held = stack.move();
  return { get: (url: string) => app.inject({ url }), [Symbol.asyncDispose]: () => held.disposeAsync() };
}

test('a house without a brand has an empty one', async () => {
  await using house = await served({});
  const answer = await house.get('/brand/brand.json');
  expect([answer.statusCode, answer.json()]).toEqual([200, {}]);
});

test('name, colour and logo are served; nothing else of the folder', async () => {
  const brand = { name: 'St. Anna', accent: '#00843d', logo: 'logo.svg', language: 'de' };
  await using house = await served({
    'brand.json': JSON.stringify(brand),
    'logo.svg': '<svg/>',
    'other.svg': '<svg/>',
  });
  expect((await house.get('/brand/brand.json')).json()).toEqual(brand);
  const logo = await house.get('/brand/logo.svg');
  expect([logo.body, logo.headers['content-type']]).toEqual(['<svg/>', 'image/svg+xml']);
  expect((await house.get('/brand/other.svg')).statusCode).toBe(404);
});

test.each([
  ['{"name": ', 'not JSON'],
  ['{"accent": "red"}', 'like #1f7fb5'],
  ['{"logo": "../api-key.json"}', 'the name of an svg'],
  ['{"logo": "gone.svg"}', 'not beside it'],
  ['{"colour": "#000000"}', 'colour'],
])('%s stops the start with words', async (text, words) => {
  await expect(served({ 'brand.json': text })).rejects.toThrow(words);
});
