import { describe, expect, test } from 'vitest';
import { nextPath, type PathEvent, type PathState } from './path-state.ts';

const now = 1_000_000;
const times = { doubtMs: 2_000, restartMs: 8_000 };
const states = {
  holding: { status: 'holding' },
  doubted: { status: 'doubted', deadlineAt: now + 1_000 },
  restarting: { status: 'restarting', deadlineAt: now + 1_000 },
  lost: { status: 'lost' },
} as const satisfies Record<string, PathState>;
type Name = keyof typeof states;
const events = {
  connected: { type: 'connected', now },
  disconnected: { type: 'disconnected', now },
  failed: { type: 'failed', now },
  early: { type: 'deadline', now },
  late: { type: 'deadline', now: now + 1_000 },
} as const satisfies Record<string, PathEvent>;

describe('[B8] each transition of a media path', () => {
  // What is not in the table leaves the state as it was.
  const table: [Name, keyof typeof events, PathState][] = [
    ['holding', 'disconnected', { status: 'doubted', deadlineAt: now + 2_000 }],
    ['holding', 'failed', { status: 'restarting', deadlineAt: now + 8_000 }],
    ['doubted', 'connected', { status: 'holding' }],
    ['doubted', 'late', { status: 'restarting', deadlineAt: now + 9_000 }],
    ['restarting', 'connected', { status: 'holding' }],
    ['restarting', 'late', { status: 'lost' }],
  ];
  test.each(table)('%s + %s', (name, event, expected) => {
    expect(nextPath(states[name], events[event], times)).toEqual(expected);
  });

  const listed = new Set(table.map(([name, event]) => `${name}/${event}`));
  const unlisted = (Object.keys(states) as Name[]).flatMap((name) =>
    (Object.keys(events) as (keyof typeof events)[])
      .filter((event) => !listed.has(`${name}/${event}`))
      .map((event) => [name, event] as const),
  );
  test.each(unlisted)('%s + %s changes nothing', (name, event) => {
    expect(nextPath(states[name], events[event], times)).toBe(states[name]);
  });
});
