import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const main = join(import.meta.dirname, 'main.ts');

function weir(...args: string[]) {
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', timeout: 15_000 });
}

test.each([[[]], [['help']], [['--help']], [['help', 'up']], [['token', '--help']]])(
  '%j prints help',
  (args) => {
    const { status, stdout, stderr } = weir(...args);
    expect(stdout).toContain('./weir');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  },
);

test.each([
  [['nonsense'], "unknown command 'nonsense'"],
  [['help', 'nonsense'], "unknown command 'nonsense'"],
  [['constructor'], "unknown command 'constructor'"],
  [['up', '--nonsense'], '--nonsense'],
  [['up', '--port', '99999'], '--port 99999'],
  [['token', '--room', 'a'], '--identity'],
  [['check', 'stray'], 'stray'],
])('%j is not understood: status 2, one line that names it and a hint', (args, name) => {
  const { status, stderr } = weir(...args);
  expect(status).toBe(2);
  expect(stderr).toContain(name);
  expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
});

test('what fails for a known reason says so without a stack', () => {
  const { status, stderr } = weir('bench', 'nonsense');
  expect(status).toBe(1);
  expect(stderr).toMatch(/^weir: no measurement 'nonsense'/);
  expect(stderr).not.toContain('    at ');
});
