import { describe, expect, test } from 'vitest';
import { nextPath, type PathEvent, type PathState } from './path-state.ts';

const now = 1_000_000;
const times = { openMs: 3_000, reserveMs: 2_000, againMs: 900, freshMs: 8_000, orRelaysMs: 4_000 };
const looking = { connected: true, againAt: now + 500, deadlineAt: now + 1_000 };
const states = {
  holding: { status: 'holding' },
  opening: { status: 'opening', deadlineAt: now + 1_000 },
  asking: { status: 'asking', connected: true },
  askingCut: { status: 'asking', connected: false },
  askingRelays: { status: 'asking', connected: false, relaysOnly: true },
  reserve: { status: 'checking', with: 'reserve', ...looking },
  reserveCut: { status: 'checking', with: 'reserve', ...looking, connected: false },
  reserveLong: { status: 'checking', with: 'reserve', ...looking, againAt: now },
  fresh: { status: 'checking', with: 'fresh', ...looking },
  freshCut: { status: 'checking', with: 'fresh', ...looking, connected: false },
  freshLong: { status: 'checking', with: 'fresh', ...looking, againAt: now },
  orRelays: { status: 'checking', with: 'fresh', ...looking, orRelays: true },
  orRelaysCut: { status: 'checking', with: 'fresh', ...looking, connected: false, orRelays: true },
  relays: { status: 'checking', with: 'relays', ...looking },
  relaysCut: { status: 'checking', with: 'relays', ...looking, connected: false },
  lost: { status: 'lost' },
} as const satisfies Record<string, PathState>;
type Name = keyof typeof states;
const events = {
  connecting: { type: 'connecting', now },
  connected: { type: 'connected', now },
  disconnected: { type: 'disconnected', now },
  failed: { type: 'failed', now },
  silent: { type: 'silent', now },
  alive: { type: 'alive', now },
  networkChanged: { type: 'networkChanged', now },
  reserved: { type: 'answered', with: 'reserve', now },
  answered: { type: 'answered', with: 'fresh', now },
  answeredOrRelays: { type: 'answered', with: 'fresh', orRelays: true, now },
  reservedOrRelays: { type: 'answered', with: 'reserve', orRelays: true, now },
  answeredRelays: { type: 'answered', with: 'relays', orRelays: true, now },
  refused: { type: 'refused', now },
  early: { type: 'deadline', now },
  late: { type: 'deadline', now: now + 1_000 },
} as const satisfies Record<string, PathEvent>;
type EventName = keyof typeof events;

const { holding, lost, asking, askingCut, askingRelays } = states;
const down = ['disconnected', 'failed', 'silent'] as const;
const up = ['connected', 'alive'] as const;

describe('[B8] each transition of a media path', () => {
  // What is not in the table leaves the state as it was.
  const table: [Name, EventName, PathState][] = [
    ['holding', 'connecting', { status: 'opening', deadlineAt: now + 3_000 }],
    ['holding', 'disconnected', askingCut],
    ['holding', 'failed', askingCut],
    ['holding', 'silent', asking],
    ['holding', 'networkChanged', asking],
    ['opening', 'connected', holding],
    ['opening', 'disconnected', askingCut],
    ['opening', 'failed', askingCut],
    ['opening', 'networkChanged', askingCut],
    ['opening', 'late', askingCut],
    ...down.map((event): [Name, EventName, PathState] => ['asking', event, askingCut]),
    ...up.map((event): [Name, EventName, PathState] => ['askingCut', event, asking]),
    ['reserveLong', 'networkChanged', asking],
    ['freshLong', 'networkChanged', asking],
    ['reserve', 'late', holding],
    ['reserveLong', 'late', holding],
    ['reserveCut', 'late', askingCut],
    ['fresh', 'late', holding],
    ['freshLong', 'late', holding],
    ['freshCut', 'late', lost],
    ['orRelays', 'late', holding],
    ['orRelaysCut', 'late', askingRelays], // All paths together were none.
    ['relays', 'late', holding],
    ['relaysCut', 'late', lost],
    ...up.map((event): [Name, EventName, PathState] => [
      'askingRelays',
      event,
      { ...askingRelays, connected: true },
    ]),
  ];
  for (const from of ['asking', 'askingCut', 'askingRelays'] as const) {
    const { connected } = states[from];
    const looks = { status: 'checking', connected, againAt: now + 900 } as const;
    table.push(
      [from, 'reserved', { ...looks, with: 'reserve', deadlineAt: now + 2_000 }],
      [from, 'answered', { ...looks, with: 'fresh', deadlineAt: now + 8_000 }],
      [from, 'reservedOrRelays', { ...looks, with: 'reserve', deadlineAt: now + 2_000 }],
      [from, 'answeredOrRelays', { ...looks, with: 'fresh', orRelays: true, deadlineAt: now + 4_000 }],
      [from, 'answeredRelays', { ...looks, with: 'relays', deadlineAt: now + 8_000 }],
      [from, 'refused', lost],
    );
  }
  const checking = ['reserve', 'reserveCut', 'reserveLong', 'fresh', 'freshCut', 'freshLong'] as const;
  for (const name of [...checking, 'orRelays', 'orRelaysCut', 'relays', 'relaysCut'] as const)
    for (const event of up) table.push([name, event, holding]);
  for (const event of down)
    table.push(
      ['reserve', event, states.reserveCut],
      ['reserveLong', event, askingCut], // The signaling brings news of the network, too.
      ['fresh', event, states.freshCut],
      ['orRelays', event, states.orRelaysCut],
      ['relays', event, states.relaysCut],
      ['freshLong', event, askingCut], // It was connected all the while, and has broken anew.
    );

  test.each(table)('%s + %s', (name, event, expected) => {
    expect(nextPath(states[name], events[event], times)).toEqual(expected);
  });

  const listed = new Set(table.map(([name, event]) => `${name}/${event}`));
  const unlisted = (Object.keys(states) as Name[]).flatMap((name) =>
    (Object.keys(events) as EventName[])
      .filter((event) => !listed.has(`${name}/${event}`))
      .map((event) => [name, event] as const),
  );
  test.each(unlisted)('%s + %s changes nothing', (name, event) => {
    expect(nextPath(states[name], events[event], times)).toBe(states[name]);
  });
});
