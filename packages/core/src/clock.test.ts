import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from './clock.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

test('after calls once, unless cancelled before', () => {
  const called = vi.fn();
  const cancelled = vi.fn();
  systemClock.after(50, called);
  systemClock.after(50, cancelled)();
  vi.advanceTimersByTime(49);
  expect(called).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1_000);
  expect(called).toHaveBeenCalledTimes(1);
  expect(cancelled).not.toHaveBeenCalled();
  expect(systemClock.now()).toBe(2_049);
});
