import { expect, test } from 'vitest';
import { runProcess } from './run-process.ts';

test('the status and both outputs come back', async () => {
  const result = await runProcess('sh', ['-c', 'echo out; echo err >&2; exit 3'], { timeoutMs: 5_000 });
  expect(result.status).toBe(3);
  expect(result.output).toContain('out');
  expect(result.output).toContain('err');
});

test('one that is late is ended with what it started', async () => {
  // Its output ends only when the sleeper, which holds it open, is gone too.
  const { status, output, seconds } = await runProcess('sh', ['-c', 'sleep 60 & wait'], { timeoutMs: 300 });
  expect(status).toBe(124);
  expect(output).toContain('ended after 0.3 s');
  expect(seconds).toBeLessThan(15);
});

test('a program that is not there is an error', async () => {
  await expect(runProcess('no-such-program', [], { timeoutMs: 1_000 })).rejects.toThrow(/ENOENT/);
});

test('signals are left to others once nothing runs', async () => {
  const before = process.listenerCount('SIGINT');
  await Promise.all([
    runProcess('true', [], { timeoutMs: 5_000 }),
    runProcess('true', [], { timeoutMs: 5_000 }),
  ]);
  expect(process.listenerCount('SIGINT')).toBe(before);
});
