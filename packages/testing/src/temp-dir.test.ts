import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from './temp-dir.ts';

test('a directory of its own, gone with its files at the end', async () => {
  let path: string;
  {
    await using one = await tempDir();
    await using other = await tempDir();
    expect(one.path).not.toBe(other.path);
    expect(readdirSync(one.path)).toEqual([]);
    writeFileSync(join(one.path, 'file'), 'x');
    path = one.path;
  }
  expect(existsSync(path)).toBe(false);
});
