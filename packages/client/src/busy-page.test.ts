import { Lifetime } from '@weir/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { isPageBusy, watchPageBusy } from './busy-page.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The page does nothing but one thing for so long. */
const block = (ms: number) => void vi.setSystemTime(Date.now() + ms);

test('a page whose timers come late is busy for a while; one that was asleep is not', () => {
  using lifetime = new Lifetime();
  const now = vi.spyOn(performance, 'now').mockImplementation(() => Date.now());
  watchPageBusy(lifetime);
  vi.advanceTimersByTime(1_000);
  expect(isPageBusy()).toBe(false);
  block(350);
  vi.advanceTimersByTime(100);
  expect(isPageBusy()).toBe(true);
  vi.advanceTimersByTime(2_500);
  expect(isPageBusy()).toBe(false);
  block(20_000);
  vi.advanceTimersByTime(100);
  expect(isPageBusy()).toBe(false);
  now.mockRestore();
});

test('one timer serves all, until nobody watches', () => {
  const [one, two] = [new Lifetime(), new Lifetime()];
  watchPageBusy(one);
  watchPageBusy(two);
  expect(vi.getTimerCount()).toBe(1);
  one.close();
  expect(vi.getTimerCount()).toBe(1);
  two.close();
  expect(vi.getTimerCount()).toBe(0);
});
