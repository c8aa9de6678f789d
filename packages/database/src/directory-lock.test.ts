import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockDirectory } from './directory-lock.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weir-lock-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('holds until it is released', () => {
  const unlock = lockDirectory(directory);
  expect(() => lockDirectory(directory)).toThrow(`process ${process.pid} uses ${directory}: stop it first`);
  expect(readdirSync(directory)).toEqual(['lock']);
  unlock();
  expect(readdirSync(directory)).toEqual([]);
  lockDirectory(directory)();
});

test.each([
  ['a process that is gone', '4194304 unknown\n'],
  ['an earlier process with an id that is in use again', `${process.ppid} an-earlier-boot:1\n`],
  ['an earlier process with our own id', `${process.pid} an-earlier-boot:1\n`],
  ['nobody: the machine lost power while it was written', ''],
  ['something else', 'hello\n'],
])('takes over what was left by %s', (_, text) => {
  writeFileSync(join(directory, 'lock'), text);
  const unlock = lockDirectory(directory);
  expect(readFileSync(join(directory, 'lock'), 'utf8')).toMatch(new RegExp(`^${process.pid} `));
  expect(readdirSync(directory)).toEqual(['lock']);
  unlock();
});

test('a late release does not take the lock of the next holder', () => {
  const unlock = lockDirectory(directory);
  writeFileSync(join(directory, 'lock'), '1 another\n');
  unlock();
  expect(readFileSync(join(directory, 'lock'), 'utf8')).toBe('1 another\n');
});
