import type { ErrorCode, PlatformError } from '@weir/core';
import { Grants, limits, type RoomEvent, RoomSettings } from '@weir/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memoryStore } from './memory-store.ts';
import type { RoomReader } from './room-view.ts';
import { Rooms } from './rooms.ts';

async function setUp(settings: Partial<RoomSettings> = {}) {
  const { rooms: log } = memoryStore();
  const rooms = new Rooms(log);
  await rooms.ensureRoom('r', RoomSettings.parse(settings));
  const place = async (identity: string, grants: Partial<Grants> = {}) =>
    rooms.createSeat('r', { identity, displayName: '', metadata: '', grants: Grants.parse(grants) }, 'm1');
  const join = async (identity: string, grants: Partial<Grants> = {}) => {
    const seat = await place(identity, grants);
    await rooms.attach('r', seat.participantId, seat.secret, 's1');
    return seat.participantId;
  };
  const track = (trackId: string, source: 'camera' | 'microphone' = 'camera') => ({
    trackId,
    kind: source === 'camera' ? ('video' as const) : ('audio' as const),
    source,
    name: '',
    muted: false,
    codec: 'VP8',
    spatialLayers: 1,
  });
  const events = async (since = 0): Promise<RoomEvent[]> => {
    const records = await log.since('r', since);
    return records === 'gone' ? [] : records.flatMap((record) => record.events);
  };
  return { log, rooms, place, join, track, events };
}

const refused = (work: Promise<unknown>) =>
  work.then(
    () => 'allowed' as const,
    (error: PlatformError): ErrorCode => error.code,
  );

describe('seats', () => {
  test('a seat is claimed with its secret only, and a wrong one looks like no seat', async () => {
    const { rooms, place } = await setUp();
    const { participantId, secret } = await place('alice');
    expect(await refused(rooms.attach('r', participantId, 's_wrong', 's1'))).toBe('session-unknown');
    expect(await refused(rooms.attach('r', 'p_other', secret, 's1'))).toBe('session-unknown');
    expect((await rooms.attach('r', participantId, secret, 's1')).state).toBe('joined');
  });

  test('[MC25] a second node is named until it is the first', async () => {
    const { rooms, join } = await setUp();
    const alice = await join('alice');
    const nodes = async () => {
      const { mediaNodeId, standbyNodeId } = (await rooms.read('r')).session(alice)!;
      return [mediaNodeId, standbyNodeId];
    };
    const at = (nodeId: string) => ({ nodeId, home: nodeId });
    await rooms.standBy('r', alice, async () => at('m1'));
    expect(await nodes()).toEqual(['m1', undefined]);
    await rooms.standBy('r', alice, async ({ avoid }) => at(avoid === 'm1' ? 'm2' : 'm1'));
    expect(await nodes()).toEqual(['m1', 'm2']);
    await rooms.rehome('r', alice, 'm1', async () => at('m2'));
    expect(await nodes()).toEqual(['m2', undefined]);
    await rooms.standBy('r', alice, async () => at('m3'));
    await rooms.standAlone('r', alice);
    expect(await nodes()).toEqual(['m2', undefined]);
  });

  test('the same identity joining again replaces the earlier participant', async () => {
    const { rooms, join, events } = await setUp();
    const first = await join('alice');
    const second = await join('alice');
    const reader = await rooms.read('r');
    expect([...reader.participants].map((p) => p.participantId)).toEqual([second]);
    expect(await events()).toContainEqual({
      type: 'participantLeft',
      participantId: first,
      reason: 'replaced',
    });
  });

  test('coming back in time tells nothing; detaching and coming back tells both', async () => {
    const { rooms, place, events } = await setUp();
    const { participantId, secret } = await place('alice');
    const { attachments } = await rooms.attach('r', participantId, secret, 's1');
    const before = (await events()).length;
    await rooms.attach('r', participantId, secret, 's2');
    await rooms.detach('r', participantId, attachments); // Of the socket before: too late.
    expect((await events()).length).toBe(before);
    await rooms.detach('r', participantId, attachments + 1);
    await rooms.attach('r', participantId, secret, 's3');
    const told = (await events())
      .slice(before)
      .map((e) => (e.type === 'participantUpdated' ? e.participant.status : e.type));
    expect(told).toEqual(['reconnecting', 'connected']);
  });

  test('an expired seat is given up with its tracks, one that came back is not', async () => {
    const { rooms, place, track, events } = await setUp();
    const { participantId, secret } = await place('alice');
    await rooms.attach('r', participantId, secret, 's1');
    await rooms.publish('r', participantId, track('t1'));
    await rooms.detach('r', participantId, 1);
    await rooms.attach('r', participantId, secret, 's1');
    await rooms.expire('r', participantId, 1);
    expect((await rooms.read('r')).participant(participantId)).toBeDefined();
    await rooms.detach('r', participantId, 2);
    await rooms.expire('r', participantId, 2);
    expect((await rooms.read('r')).participant(participantId)).toBeUndefined();
    expect((await events()).slice(-2)).toEqual([
      { type: 'trackUnpublished', trackId: 't1', participantId },
      { type: 'participantLeft', participantId, reason: 'lost' },
    ]);
  });

  test('a full room refuses, also those who were placed before it filled up', async () => {
    const { rooms, place, join } = await setUp({ maxParticipants: 2 });
    const late = await place('carol');
    await join('alice');
    await join('bob');
    expect(await refused(place('dave'))).toBe('room-full');
    expect(await refused(rooms.attach('r', late.participantId, late.secret, 's1'))).toBe('room-full');
    expect(await join('bob')).toBeDefined(); // Not one more: the same person.
  });

  test('an empty room ends, an occupied one does not', async () => {
    const { rooms, join } = await setUp();
    const alice = await join('alice');
    expect(await rooms.endIfEmpty('r')).toBe(false);
    await rooms.leave('r', alice, 'left');
    expect(await rooms.endIfEmpty('r')).toBe(true);
    expect(await refused(rooms.read('r'))).toBe('room-not-found');
  });
});

describe('lobby', () => {
  test('holds everybody but admins and those who may bypass it', async () => {
    const { rooms, join } = await setUp({ lobby: true });
    await join('admin', { admin: true });
    await join('nurse', { bypassLobby: true });
    const patient = await join('patient');
    const reader = await rooms.read('r');
    expect([...reader.participants].map((p) => p.identity)).toEqual(['admin', 'nurse']);
    expect(reader.waiting(patient)?.identity).toBe('patient');
  });

  test('admitted enters, refused cannot, nobody enters by themselves', async () => {
    const { rooms, join } = await setUp({ lobby: true });
    const patient = await join('patient');
    const stranger = await join('stranger');
    expect(await refused(rooms.enter('r', patient))).toBe('wrong-state');
    await rooms.admit('r', patient);
    await rooms.refuse('r', stranger);
    expect((await rooms.enter('r', patient)).state).toBe('joined');
    expect(await refused(rooms.enter('r', stranger))).toBe('lobby-refused');
    expect(await refused(rooms.admit('r', stranger))).toBe('participant-not-found');
  });

  test('is seen by admins only', async () => {
    const { rooms, join } = await setUp({ lobby: true });
    const admin = await join('admin', { admin: true });
    await join('patient');
    const reader = await rooms.read('r');
    expect(reader.snapshot({ participantId: admin, admin: true }).lobby).toHaveLength(1);
    expect(reader.snapshot({ participantId: 'p', admin: false }).lobby).toHaveLength(0);
  });
});

describe('[SG37] each grant is enforced', () => {
  const cases: [string, Partial<Grants>, 'camera' | 'microphone', ErrorCode | 'allowed'][] = [
    ['all sources', { publish: true }, 'camera', 'allowed'],
    ['none', { publish: false }, 'camera', 'forbidden'],
    ['this source', { publish: ['microphone'] }, 'microphone', 'allowed'],
    ['another source', { publish: ['microphone'] }, 'camera', 'forbidden'],
    ['hidden', { publish: true, hidden: true }, 'camera', 'forbidden'],
  ];
  test.each(cases)('publish: %s', async (_, grants, source, expected) => {
    const { rooms, join, track } = await setUp();
    const alice = await join('alice', grants);
    expect(await refused(rooms.publish('r', alice, track('t1', source)))).toBe(expected);
  });

  test('a withdrawn grant unpublishes in the same step', async () => {
    const { rooms, join, track } = await setUp();
    const alice = await join('alice');
    await rooms.publish('r', alice, track('cam'));
    await rooms.publish('r', alice, track('mic', 'microphone'));
    await rooms.setGrants('r', alice, { publish: ['microphone'] });
    expect([...(await rooms.read('r')).tracks].map((t) => t.trackId)).toEqual(['mic']);
    expect(await refused(rooms.publish('r', alice, track('cam')))).toBe('forbidden');
  });

  test('another participant’s track can be neither replaced, muted nor unpublished', async () => {
    const { rooms, join, track } = await setUp();
    const alice = await join('alice');
    const mallory = await join('mallory');
    await rooms.publish('r', alice, track('t1'));
    expect(await refused(rooms.publish('r', mallory, track('t1')))).toBe('forbidden');
    expect(await refused(rooms.setMuted('r', mallory, 't1', true))).toBe('forbidden');
    expect(await refused(rooms.unpublish('r', mallory, 't1'))).toBe('forbidden');
  });

  test('tracks of one participant are bounded', async () => {
    const { rooms, join, track } = await setUp();
    const alice = await join('alice');
    for (let i = 0; i < limits.tracksPerParticipant; i++) await rooms.publish('r', alice, track(`t${i}`));
    expect(await refused(rooms.publish('r', alice, track('more')))).toBe('limit-reached');
    expect((await rooms.publish('r', alice, track('t0'))).epoch).toBe(2);
  });

  test('the hidden are in nobody else’s snapshot', async () => {
    const { rooms, join } = await setUp();
    const auditor = await join('auditor', { hidden: true });
    const alice = await join('alice');
    const reader = await rooms.read('r');
    const seen = (participantId: string) =>
      reader.snapshot({ participantId, admin: false }).participants.map((p) => p.identity);
    expect(seen(alice)).toEqual(['alice']);
    expect(seen(auditor)).toEqual(['auditor', 'alice']);
  });
});

describe('mutes', () => {
  test('that a lagging copy says it is so already does not end an unmute', async () => {
    const { log, rooms, join, track } = await setUp();
    const alice = await join('alice');
    await rooms.publish('r', alice, track('t1'));
    const held: (() => void)[] = []; // What the copy has not heard of.
    const follow = log.follow.bind(log);
    let lags = true;
    log.follow = (roomId, deliver, lost) =>
      follow(roomId, (record) => (lags ? held.push(() => deliver(record)) : deliver(record)), lost);
    const late = new Rooms(log);
    const view = await late.view('r', AbortSignal.timeout(10_000));
    await rooms.setMuted('r', alice, 't1', true, 'device');
    expect(view.reader.track('t1')?.muted).toBe(false);
    const unmuted = late.setMuted('r', alice, 't1', false, 'device');
    setTimeout(() => {
      lags = false;
      for (const deliver of held) deliver();
    }, 20);
    await unmuted;
    expect((await rooms.read('r')).track('t1')?.muted).toBe(false);
  });

  test('a moderator’s mute is no easier to lose by another track or another seat, until it is lifted', async () => {
    const { rooms, join, track } = await setUp();
    const alice = await join('alice');
    await rooms.publish('r', alice, track('t1', 'microphone'));
    await rooms.moderateMute('r', 't1', true);
    await rooms.unpublish('r', alice, 't1');
    expect(await rooms.mayPublish('r', alice, 'microphone')).toEqual({ before: undefined, locked: true });
    expect(await rooms.publish('r', alice, track('t2', 'microphone'))).toMatchObject({
      mutedBy: 'moderator',
    });
    expect(await rooms.publish('r', alice, track('t3', 'camera'))).toMatchObject({ muted: false });
    await rooms.leave('r', alice, 'left');
    const again = await join('alice');
    expect(await rooms.publish('r', again, track('t4', 'microphone'))).toMatchObject({
      mutedBy: 'moderator',
    });
    await rooms.moderateMute('r', 't4', false);
    expect(await rooms.publish('r', again, track('t5', 'microphone'))).toMatchObject({ muted: false });
  });

  test('who is removed loses every seat, and comes back with a newer token only', async () => {
    const { rooms, join, place } = await setUp();
    await join('mo');
    const alice = await join('alice');
    const waiting = await place('alice');
    const before = Date.now() - 1;
    await rooms.removeParticipant('r', alice);
    expect(await refused(rooms.attach('r', waiting.participantId, waiting.secret, 's1'))).toBe(
      'session-unknown',
    );
    const seat = { identity: 'alice', displayName: '', metadata: '', grants: Grants.parse({}) };
    expect(await refused(rooms.createSeat('r', { ...seat, issuedAt: before }, 'm1'))).toBe('removed');
    expect(await refused(rooms.createSeat('r', { ...seat, issuedAt: Date.now() + 1_000 }, 'm1'))).toBe(
      'allowed',
    );
    expect(await refused(rooms.createSeat('r', { ...seat, identity: 'bob', issuedAt: before }, 'm1'))).toBe(
      'allowed',
    );
  });

  test('a moderator’s mute holds against the owner, also when the track is published anew', async () => {
    const { rooms, join, track } = await setUp();
    const alice = await join('alice');
    await rooms.publish('r', alice, track('t1', 'microphone'));
    await rooms.moderateMute('r', 't1', true);
    expect(await refused(rooms.setMuted('r', alice, 't1', false))).toBe('muted-by-moderator');
    expect(await rooms.publish('r', alice, track('t1', 'microphone'))).toMatchObject({
      muted: true,
      mutedBy: 'moderator',
    });
  });

  test('lifting it leaves the track muted by its owner, who may then unmute', async () => {
    const { rooms, join, track } = await setUp();
    const alice = await join('alice');
    await rooms.publish('r', alice, track('t1', 'microphone'));
    await rooms.moderateMute('r', 't1', true);
    expect(await rooms.moderateMute('r', 't1', false)).toMatchObject({ muted: true, mutedBy: 'self' });
    for (const muted of [true, false]) // A device neither replaces nor lifts what somebody wanted.
      expect(await rooms.setMuted('r', alice, 't1', muted, 'device')).toMatchObject({ mutedBy: 'self' });
    const unmuted = await rooms.setMuted('r', alice, 't1', false);
    expect(unmuted.muted).toBe(false);
    expect(unmuted).not.toHaveProperty('mutedBy');
  });
});

function holds(reader: RoomReader, max: number): void {
  const participants = [...reader.participants];
  const identities = participants.map((p) => p.identity);
  expect(new Set(identities).size).toBe(identities.length);
  expect(participants.length).toBeLessThanOrEqual(max);
  for (const { participantId } of participants) expect(reader.session(participantId)?.state).toBe('joined');
  for (const { participantId, mutedBy, muted } of reader.tracks) {
    expect(reader.participant(participantId)).toBeDefined();
    expect(muted).toBe(mutedBy !== undefined);
  }
  for (const { participantId } of reader.lobby) expect(reader.session(participantId)?.state).toBe('waiting');
}

test('whatever happens at once from several nodes, a room stays consistent and its followers agree', async () => {
  const person = fc.integer({ min: 0, max: 4 });
  const step = fc.record({
    act: fc.constantFrom(
      'join',
      'join',
      'publish',
      'mute',
      'moderate',
      'detach',
      'expire',
      'leave',
      'remove',
      'grants',
      'admit',
    ),
    person,
    node: fc.integer({ min: 0, max: 2 }),
    flag: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { maxLength: 6 }), { maxLength: 12 }), async (rounds) => {
      const max = 3;
      const { log, rooms, place, track } = await setUp({ maxParticipants: max, lobby: true });
      const nodes = [rooms, new Rooms(log), new Rooms(log)];
      const abort = new AbortController();
      const view = await nodes[1]!.view('r', abort.signal);
      const seats = new Map<number, { participantId: string; secret: string }>();
      for (const round of rounds) {
        await Promise.all(
          round.map(async ({ act, person: who, node, flag }) => {
            const at = nodes[node]!;
            if (act === 'join') {
              const seat = await place(`person-${who}`, { bypassLobby: flag }).catch(() => undefined);
              if (!seat) return;
              seats.set(who, seat);
              await refused(at.attach('r', seat.participantId, seat.secret, `s${node}`));
              return;
            }
            const id = seats.get(who)?.participantId ?? 'p_nobody';
            const work = {
              publish: () => at.publish('r', id, track(`t${who}`)),
              mute: () => at.setMuted('r', id, `t${who}`, flag),
              moderate: () => at.moderateMute('r', `t${who}`, flag),
              detach: () => at.detach('r', id, 1),
              expire: () => at.expire('r', id, 1),
              leave: () => at.leave('r', id, 'left'),
              remove: () => at.removeParticipant('r', id),
              grants: () => at.setGrants('r', id, { publish: flag }),
              admit: () => at.admit('r', id),
            }[act];
            await refused(work());
          }),
        );
        const reader = await rooms.read('r');
        holds(reader, max);
        await new Promise((resolve) => setImmediate(resolve));
        expect(view.reader.state.revision).toBe(reader.state.revision);
        expect(new Map(view.reader.state.entries)).toEqual(new Map(reader.state.entries));
      }
      abort.abort();
    }),
    { numRuns: 150 },
  );
});
