import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { sleep, withDeadline } from './deadline.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const never = new Promise<never>(() => {});

describe('withDeadline', () => {
  test('passes on the result and leaves no timer', async () => {
    expect(await withDeadline(Promise.resolve(7), 100, 'work')).toBe(7);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('passes on the failure', async () => {
    const fault = new Error('broken');
    await expect(withDeadline(Promise.reject(fault), 100, 'work')).rejects.toBe(fault);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('rejects with timeout when the time is over, not before', async () => {
    const settled = vi.fn();
    const outcome = withDeadline(never, 100, 'open a transport').catch((error) => {
      settled();
      return error;
    });
    await vi.advanceTimersByTimeAsync(99);
    expect(settled).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(await outcome).toMatchObject({
      code: 'timeout',
      message: 'open a transport: no answer in 100 ms',
    });
  });

  test('a failure after the deadline is nobody’s unhandled rejection', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const work = Promise.withResolvers<void>();
    const outcome = withDeadline(work.promise, 10, 'work').catch((error) => error.code);
    await vi.advanceTimersByTimeAsync(10);
    work.reject(new Error('late'));
    expect(await outcome).toBe('timeout');
    vi.useRealTimers();
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  test('rejects with aborted, before and during', async () => {
    const abort = new AbortController();
    const during = withDeadline(never, 100, 'work', abort.signal).catch((error) => error.code);
    abort.abort();
    expect(await during).toBe('aborted');
    await expect(withDeadline(never, 100, 'work', abort.signal)).rejects.toMatchObject({ code: 'aborted' });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('leaves nothing on a signal that outlives it', async () => {
    const { signal } = new AbortController();
    await withDeadline(Promise.resolve(), 100, 'work', signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

describe('sleep', () => {
  test('takes its time', async () => {
    const awake = vi.fn();
    const slept = sleep(50).then(awake);
    await vi.advanceTimersByTimeAsync(49);
    expect(awake).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await slept;
    expect(awake).toHaveBeenCalled();
  });

  test('ends early, without error, and leaves nothing behind', async () => {
    const abort = new AbortController();
    const slept = sleep(1_000_000, abort.signal);
    abort.abort();
    await slept;
    await sleep(1_000_000, abort.signal);
    expect(vi.getTimerCount()).toBe(0);
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0);
  });
});
