import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isCurrent } from './web-app.ts';

test('what was built is current until one of its sources changes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-web-'));
  const touch = async (name: string, seconds: number) => {
    await writeFile(join(folder, name), '');
    await utimes(join(folder, name), seconds, seconds);
  };
  await touch('a.ts', 100);
  await touch('b.ts', 200);
  const current = () => isCurrent('built.html', ['*.ts'], folder);
  expect(current()).toBe(false);
  await touch('built.html', 300);
  expect(current()).toBe(true);
  await touch('a.ts', 400);
  expect(current()).toBe(false);
  await rm(folder, { recursive: true });
});
