import { afterEach, expect, test, vi } from 'vitest';
import type { RoomRecord } from './room-log.ts';
import { RoomView } from './room-view.ts';

afterEach(() => void vi.useRealTimers());

/** A room in which so many events happen, one every `everyMs`; answers which of them were told as part of a burst. */
function happening(view: RoomView, events: number, everyMs: number): boolean[] {
  return Array.from({ length: events }, () => {
    vi.advanceTimersByTime(everyMs);
    const record = { roomId: 'r', revision: view.reader.state.revision + 1, set: {}, delete: [], end: false };
    view.apply({ ...record, at: 0, events: [{ type: 'roomEnded' }] } as RoomRecord);
    return view.isBusy;
  });
}

test('a burst is told together, from its eleventh event on until it is calm again', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const view = new RoomView('r', { revision: 0, entries: new Map() });
  expect(happening(view, 100, 200)).not.toContain(true);
  const burst = happening(view, 60, 20);
  expect(burst.indexOf(true)).toBeGreaterThanOrEqual(10);
  expect(burst.slice(burst.indexOf(true))).not.toContain(false);
  expect(happening(view, 30, 200).lastIndexOf(true)).toBeLessThan(10);
});
