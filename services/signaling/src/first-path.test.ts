import { expect, test, vi } from 'vitest';
import { FirstPath } from './first-path.ts';

test('[SG65] a path is waited for once it is looked for, and missed once', () => {
  vi.useFakeTimers();
  try {
    const missed = vi.fn();
    const path = new FirstPath(missed);
    vi.advanceTimersByTime(60_000);
    path.begin();
    vi.advanceTimersByTime(3_000);
    path.begin();
    path.heard('new');
    vi.advanceTimersByTime(1_900);
    expect(missed).not.toHaveBeenCalled();
    vi.advanceTimersByTime(60_000);
    path.begin();
    vi.advanceTimersByTime(60_000);
    expect(missed).toHaveBeenCalledOnce();

    const found = new FirstPath(missed);
    found.begin();
    found.heard('connected');
    vi.advanceTimersByTime(60_000);
    expect(missed).toHaveBeenCalledOnce();
  } finally {
    vi.useRealTimers();
  }
});
