import { PlatformError } from '@weir/core';
import { describe, expect, test } from 'vitest';
import {
  defaultTimes,
  nextState,
  type Seat,
  type SignalingEvent,
  type SignalingState,
} from './signaling-state.ts';

const now = 1_000_000;
const seat = {
  roomId: 'r',
  participantId: 'p',
  secret: 's',
  signaling: ['ws://a', 'ws://b'],
} as unknown as Seat;
const other = { ...seat, participantId: 'p2' };
const effort = { attempt: 1, giveUpAt: now + 30_000 };
const lost = new PlatformError('connection-lost', 'lost');
const gone = new PlatformError('session-unknown', 'gone');
const removed = new PlatformError('removed', 'removed');
const at = (ms: number) => now + ms;

const states = {
  idle: { status: 'idle' },
  asking: { status: 'asking', effort, deadlineAt: at(8_000) },
  opening: { status: 'opening', effort, deadlineAt: at(5_000), seat, goal: 'join' },
  reopening: { status: 'opening', effort, deadlineAt: at(5_000), seat, goal: 'resume' },
  claiming: { status: 'claiming', effort, deadlineAt: at(20_000), seat, goal: 'join' },
  resuming: { status: 'claiming', effort, deadlineAt: at(20_000), seat, goal: 'resume' },
  waiting: { status: 'waiting', seat },
  entering: { status: 'entering', effort, deadlineAt: at(20_000), seat },
  joined: { status: 'joined', seat },
  backoff: { status: 'backoff', effort, deadlineAt: at(100), seat, goal: 'resume', error: lost },
  backoffUnseated: { status: 'backoff', effort, deadlineAt: at(100), goal: 'join', error: gone },
  closed: { status: 'closed', error: removed },
} as const satisfies Record<string, SignalingState>;
type Name = keyof typeof states;

const events = {
  connect: { type: 'connect' },
  reconnect: { type: 'connect', seat },
  seated: { type: 'seated', seat: other },
  opened: { type: 'opened' },
  waiting: { type: 'waiting' },
  admitted: { type: 'admitted' },
  joined: { type: 'joined' },
  lost: { type: 'failed', error: lost, random: 0.5 },
  gone: { type: 'failed', error: gone, random: 0.5 },
  removed: { type: 'failed', error: removed, random: 0.5 },
  early: { type: 'deadline', random: 0.5 },
  late: { type: 'deadline', random: 0.5 },
  networkChanged: { type: 'networkChanged' },
  replaced: { type: 'replaced' },
  redirected: { type: 'redirected', signaling: ['ws://c'] },
  left: { type: 'left' },
} as const satisfies Record<string, object>;

function go(state: SignalingState, event: keyof typeof events, time = event === 'late' ? at(25_000) : now) {
  return nextState(state, { ...events[event], now: time } as SignalingEvent);
}

describe('[SG41] each transition of the signaling state machine', () => {
  // What is not in the table leaves the state as it was.
  const table: [Name, keyof typeof events, object][] = [
    [
      'idle',
      'connect',
      { status: 'asking', effort: { attempt: 1, giveUpAt: at(30_000) }, deadlineAt: at(8_000) },
    ],
    ['idle', 'reconnect', { status: 'opening', goal: 'resume', seat, deadlineAt: at(5_000) }],
    ['asking', 'seated', { status: 'opening', goal: 'join', seat: other, deadlineAt: at(5_000) }],
    [
      'asking',
      'lost',
      { status: 'backoff', goal: 'join', effort: { attempt: 2, giveUpAt: effort.giveUpAt } },
    ],
    ['asking', 'gone', { status: 'closed', error: gone }],
    ['asking', 'late', { status: 'backoff', goal: 'join' }],
    ['opening', 'opened', { status: 'claiming', goal: 'join', deadlineAt: at(20_000) }],
    ['opening', 'lost', { status: 'backoff', goal: 'join', seat }],
    ['opening', 'gone', { status: 'backoff', goal: 'join' }],
    ['opening', 'late', { status: 'backoff', goal: 'join', seat }],
    ['reopening', 'opened', { status: 'claiming', goal: 'resume' }],
    ['reopening', 'lost', { status: 'backoff', goal: 'resume', seat }],
    ['reopening', 'gone', { status: 'backoff', goal: 'join' }],
    ['reopening', 'late', { status: 'backoff', goal: 'resume', seat }],
    ['claiming', 'joined', { status: 'joined', seat }],
    ['claiming', 'waiting', { status: 'waiting', seat }],
    ['claiming', 'lost', { status: 'backoff', goal: 'join', seat }],
    ['claiming', 'gone', { status: 'backoff', goal: 'join' }],
    ['claiming', 'late', { status: 'backoff', goal: 'join', seat }],
    ['resuming', 'joined', { status: 'joined', seat }],
    ['resuming', 'waiting', { status: 'waiting', seat }],
    ['resuming', 'lost', { status: 'backoff', goal: 'resume', seat }],
    ['resuming', 'gone', { status: 'backoff', goal: 'join' }],
    ['resuming', 'late', { status: 'backoff', goal: 'resume', seat }],
    ['waiting', 'admitted', { status: 'entering', seat, deadlineAt: at(20_000) }],
    [
      'waiting',
      'lost',
      { status: 'backoff', goal: 'resume', seat, effort: { attempt: 1, giveUpAt: at(330_000) } },
    ],
    ['waiting', 'gone', { status: 'backoff', goal: 'join' }],
    ['entering', 'joined', { status: 'joined', seat }],
    ['entering', 'lost', { status: 'backoff', goal: 'resume', seat }],
    ['entering', 'gone', { status: 'backoff', goal: 'join' }],
    ['entering', 'late', { status: 'backoff', goal: 'resume', seat }],
    [
      'joined',
      'lost',
      { status: 'backoff', goal: 'resume', seat, effort: { attempt: 1, giveUpAt: at(330_000) } },
    ],
    ['joined', 'gone', { status: 'backoff', goal: 'join', effort: { attempt: 1, giveUpAt: at(330_000) } }],
    ['opening', 'networkChanged', { status: 'opening', goal: 'join', deadlineAt: at(5_000) }],
    ['reopening', 'networkChanged', { status: 'opening', goal: 'resume', deadlineAt: at(5_000) }],
    ['backoff', 'networkChanged', { status: 'opening', goal: 'resume', seat }],
    ['backoffUnseated', 'networkChanged', { status: 'asking' }],
    [
      'joined',
      'replaced',
      { status: 'claiming', goal: 'resume', effort: { attempt: 1, giveUpAt: at(330_000) } },
    ],
    ['joined', 'redirected', { status: 'joined', seat: { ...seat, signaling: ['ws://c'] } }],
    ['backoff', 'late', { status: 'opening', goal: 'resume', seat }],
    ['backoffUnseated', 'late', { status: 'asking' }],
  ];
  for (const name of [
    'asking',
    'opening',
    'reopening',
    'claiming',
    'resuming',
    'waiting',
    'entering',
    'joined',
  ] as const)
    table.push([name, 'removed', { status: 'closed', error: removed }]);
  for (const name of Object.keys(states) as Name[])
    if (name !== 'closed') table.push([name, 'left', { status: 'closed' }]);

  test.each(table)('%s + %s', (name, event, expected) => {
    expect(go(states[name], event)).toMatchObject(expected);
  });

  const listed = new Set(table.map(([name, event]) => `${name}/${event}`));
  const unlisted = (Object.keys(states) as Name[]).flatMap((name) =>
    (Object.keys(events) as (keyof typeof events)[])
      .filter((event) => !listed.has(`${name}/${event}`))
      .map((event) => [name, event] as const),
  );
  test.each(unlisted)('%s + %s changes nothing', (name, event) => {
    expect(go(states[name], event)).toBe(states[name]);
  });
});

test('a retry spreads over its interval, and the interval grows to its limit', () => {
  const wait = (attempt: number, random: number) => {
    const state: SignalingState = { ...states.opening, effort: { attempt, giveUpAt: at(1e9) } };
    const after = nextState(state, { type: 'failed', error: lost, random, now });
    return after.status === 'backoff' ? after.deadlineAt - now : Number.NaN;
  };
  expect(wait(1, 0)).toBe(defaultTimes.firstRetryMs / 2);
  expect(wait(1, 0.999)).toBeGreaterThan(wait(1, 0));
  expect(wait(30, 0.999)).toBeLessThanOrEqual(defaultTimes.maxRetryMs);
});

test('the budget ends every effort with the last error', () => {
  let state: SignalingState = states.joined;
  let time = now;
  for (let step = 0; step < 10_000 && state.status !== 'closed'; step++) {
    if ('deadlineAt' in state) time = state.deadlineAt;
    state = nextState(state, { type: 'deadline', random: 0.5, now: time });
    if (state.status === 'joined' || state.status === 'opening')
      state = nextState(state, { type: 'failed', error: lost, random: 0.5, now: time });
  }
  expect(state).toMatchObject({ status: 'closed', error: lost });
  expect(time - now).toBeLessThanOrEqual(defaultTimes.reconnectBudgetMs);
});
