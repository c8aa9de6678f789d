import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';

test('resolves with the first truthy result that is no string', async () => {
  const results = [false, undefined, 'not yet', { frames: 3 }];
  expect(await eventually(() => results.shift(), { intervalMs: 1 })).toEqual({ frames: 3 });
  expect(results).toEqual([]);
});

test('the timeout error carries the last reason', async () => {
  let tries = 0;
  const waiting = eventually(() => `bob has ${++tries > 2 ? 'no' : 'few'} frames`, {
    timeoutMs: 60,
    intervalMs: 5,
  });
  await expect(waiting).rejects.toMatchObject({
    code: 'timeout',
    message: /within 60 ms: bob has no frames/,
  });
});

test('a check that throws is tried again, and its error is the cause', async () => {
  let tries = 0;
  expect(
    await eventually(
      async () => {
        if (++tries < 3) throw new Error('too early');
        return tries;
      },
      { intervalMs: 1 },
    ),
  ).toBe(3);
  const cause = new Error('never');
  await expect(
    eventually(() => Promise.reject(cause), { timeoutMs: 20, intervalMs: 5 }),
  ).rejects.toMatchObject({ cause, message: /never/ });
});

test('a check that hangs does not outlast the deadline', async () => {
  const startedAt = performance.now();
  await expect(eventually(() => new Promise(() => {}), { timeoutMs: 50 })).rejects.toMatchObject({
    code: 'timeout',
  });
  expect(performance.now() - startedAt).toBeLessThan(1000);
});
