import { mintJoinToken, verifyJoinToken } from '@weir/auth';
import { type Clock, PlatformError, systemClock } from '@weir/core';
import type { Database } from '@weir/database';
import { openTestDatabase } from '@weir/database/testing';
import { JoinAnswer, limits, type RoomEvent } from '@weir/protocol';
import { type TempDir, tempDir } from '@weir/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ParticipantAnswer, ParticipantPage, RoomAnswer, RoomPage } from './answers.ts';
import { basic, bearer, type Director, director } from './director.fixture.ts';

let directory: TempDir;
let database: Database;
beforeAll(async () => {
  directory = await tempDir();
  database = await openTestDatabase(directory.path);
}, 90_000);
afterAll(async () => {
  await database.close();
  await directory[Symbol.asyncDispose]();
});
beforeEach(async () => {
  for (const { roomId } of await database.rooms.list({ limit: 1_000 })) await database.rooms.delete(roomId);
});

const code = (answer: { body: never }) => (answer.body as { code: string }).code;
const detail = (answer: { body: never }) => (answer.body as { detail: string }).detail;
/** The database is away, as its own errors say it. */
const away = (): Database => {
  const lost = () => Promise.reject(new PlatformError('connection-lost', 'database: connect ECONNREFUSED'));
  const every = new Proxy({}, { get: () => lost }) as never;
  return { apiKeys: every, rooms: every, close: async () => {} };
};
/** `database`, until `cut` is called. */
function cuttable() {
  let current: Database = database;
  const through = <Part extends 'apiKeys' | 'rooms'>(part: Part): Database[Part] =>
    new Proxy(database[part], {
      get:
        (_, method) =>
        (...args: unknown[]) =>
          Reflect.apply(Reflect.get(current[part] as object, method), current[part], args),
    });
  const cut = () => {
    current = away();
  };
  return { cut, database: { apiKeys: through('apiKeys'), rooms: through('rooms'), close: async () => {} } };
}

async function eventsOf(weir: Director, roomId: string): Promise<RoomEvent[]> {
  const records = await weir.store.rooms.since(roomId, 0);
  return records === 'gone' ? [] : records.flatMap(({ events }) => events);
}

describe('POST /v1/join', () => {
  test('[DI1] answers where to go and a seat that can be claimed', async () => {
    await using weir = await director(database);
    const token = await weir.joinToken('r', 'alice', { admin: true });
    const { status, body, headers } = await weir.post('/v1/join', { token }, { as: '' });
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    const answer = JoinAnswer.strict().parse(body);
    expect(answer).toMatchObject({
      roomId: 'r',
      signaling: [`${weir.url.replace('http', 'ws')}/v1/signaling`],
      iceServers: [{ urls: ['turn:relay.example'], username: answer.participantId, credential: 'c' }],
      rtpCapabilities: { codecs: [{ mimeType: 'audio/opus' }] },
    });
    const session = await weir.rooms.attach('r', answer.participantId, answer.secret, 's');
    expect(session).toMatchObject({ identity: 'alice', state: 'joined', mediaNodeId: 'media-1' });
    expect(session.grants.admin).toBe(true);
  });

  test('[DI1] each call makes a new seat', async () => {
    await using weir = await director(database);
    const token = await weir.joinToken('r', 'alice');
    const seats = await Promise.all([1, 2, 3].map(() => weir.post('/v1/join', { token }, { as: '' })));
    const ids = seats.map(({ body }) => (body as { participantId: string }).participantId);
    expect(new Set(ids).size).toBe(3);
  });

  test('[DI7] a token from before a removal no longer admits, a newer one does', async () => {
    await using weir = await director(database);
    const token = await weir.joinToken('r', 'alice');
    await weir.join('r', 'mo');
    const { participantId } = await weir.join('r', 'alice');
    expect((await weir.post('/v1/join', { token }, { as: '' })).status).toBe(200);
    await weir.del(`/v1/rooms/r/participants/${participantId}`);
    const refused = await weir.post('/v1/join', { token }, { as: '' });
    expect(refused).toMatchObject({ status: 403, body: { code: 'removed' } });
    const laterOn: Clock = { ...systemClock, now: () => Date.now() + 2_000 };
    const newer = await mintJoinToken(
      weir.key,
      { room: 'r', sub: 'alice' },
      { ttlSeconds: 60, clock: laterOn },
    );
    expect((await weir.post('/v1/join', { token: newer }, { as: '' })).status).toBe(200);
  });

  test('a room that was set up comes to life as such, another one with default settings', async () => {
    await using weir = await director(database);
    await weir.post('/v1/rooms', { roomId: 'set-up', settings: { lobby: true, maxParticipants: 1 } });
    await weir.join('set-up', 'mo', { admin: true });
    await weir.join('other', 'mo');
    const settings = async (roomId: string) =>
      ((await weir.get(`/v1/rooms/${roomId}`)).body as RoomAnswer).settings;
    expect(await settings('set-up')).toMatchObject({ lobby: true, maxParticipants: 1 });
    expect(await settings('other')).toMatchObject({
      lobby: false,
      maxParticipants: limits.participantsPerRoom,
    });
    expect(code(await weir.post('/v1/join', { token: await weir.joinToken('set-up', 'bob') }))).toBe(
      'room-full',
    );
  });

  test('without a media node the answer is to try again', async () => {
    await using weir = await director(database, { mediaNodes: {} });
    const refused = await weir.post('/v1/join', { token: await weir.joinToken('r', 'alice') });
    expect(refused).toMatchObject({ status: 503, body: { code: 'no-media-node', retryable: true } });
    expect(refused.headers.get('retry-after')).toBe('1');
  });

  test.each<[string, unknown, string, RegExp]>([
    ['no token', {}, 'bad-request', /body\.token/],
    ['an unknown field', { token: 'x', tokne: 1 }, 'bad-request', /tokne/],
    ['no JWT', { token: 'x' }, 'unauthenticated', /JWT/],
    ['a token too long', { token: 'x'.repeat(17_000) }, 'bad-request', /body\.token/],
    ['a body too large', { token: 'x'.repeat(70_000) }, 'payload-too-large', /large/],
  ])('%s', async (_, body, expected, words) => {
    await using weir = await director(database);
    const refused = await weir.post('/v1/join', body, { as: '' });
    expect([code(refused), detail(refused)]).toEqual([expected, expect.stringMatching(words)]);
  });

  test('[DI2] an API token is no join token', async () => {
    await using weir = await director(database);
    expect(code(await weir.post('/v1/join', { token: await weir.apiToken() }))).toBe('unauthenticated');
  });

  test('a room that ends between two steps is opened anew', async () => {
    await using weir = await director(database);
    const { leases } = weir.store;
    const list = leases.list.bind(leases);
    let ended = 0;
    leases.list = async (prefix) => {
      if (ended++ === 0) await weir.rooms.endRoom('r');
      return list(prefix);
    };
    await weir.join('r', 'alice');
    expect(ended).toBe(2);
  });

  test('while the database is away: into living rooms with known keys, others are told to try again', async () => {
    const { cut, database: cutDatabase } = cuttable();
    await using weir = await director(cutDatabase);
    await weir.join('living', 'alice');
    cut();
    await weir.join('living', 'bob');
    const refused = await weir.post('/v1/join', { token: await weir.joinToken('new', 'bob') });
    expect(refused).toMatchObject({ status: 503, body: { code: 'connection-lost', retryable: true } });
    expect((await weir.get('/v1/rooms/living/participants')).status).toBe(200);
    expect((await weir.get('/v1/rooms')).status).toBe(503);
    expect((await weir.get('/healthz', { as: '' })).status).toBe(200);
  });
});

describe('POST /v1/guest', () => {
  const tokenOf = async (weir: Director, body: unknown) => {
    const answer = await weir.post('/v1/guest', body, { as: '' });
    expect(answer.status).toBe(200);
    return (answer.body as { token: string }).token;
  };
  /** Takes a seat as a guest, and comes to it unless `away`. */
  const enter = async (weir: Director, room: string, { away = false, token = '' } = {}) => {
    token ||= await tokenOf(weir, { room });
    const { status, body } = await weir.post('/v1/join', { token }, { as: '' });
    expect(status).toBe(200);
    const { participantId, secret } = body as JoinAnswer;
    if (!away) await weir.rooms.attach(room, participantId, secret, 'signaling-1');
    const session = (await weir.rooms.read(room)).session(participantId)!;
    return { token, participantId, admin: session.grants.admin };
  };

  test('the token is for one guest and one room', async () => {
    await using weir = await director(database);
    const tokens = await Promise.all([1, 2].map(() => tokenOf(weir, { room: 'open', name: 'Ann' })));
    const claims = await Promise.all(
      tokens.map((token) => verifyJoinToken(token, async () => weir.key.secret)),
    );
    expect(claims[0]).toMatchObject({ room: 'open', name: 'Ann', sub: expect.stringMatching(/^guest_/) });
    expect(claims[0]!.grants.admin).toBe(false);
    expect(claims[1]!.sub).not.toBe(claims[0]!.sub);
  });

  test('whoever opens a room is its admin, those who come later are not', async () => {
    await using weir = await director(database);
    const first = await enter(weir, 'open');
    expect(first.admin).toBe(true);
    expect((await enter(weir, 'open')).admin).toBe(false);
    await weir.rooms.leave('open', first.participantId, 'left');
    expect((await enter(weir, 'open', { token: first.token })).admin, 'the host comes back').toBe(true);
  });

  test('of many who open a room at the same time one is its admin', async () => {
    await using weir = await director(database);
    const tokens = await Promise.all(Array.from({ length: 8 }, () => tokenOf(weir, { room: 'open' })));
    const guests = await Promise.all(tokens.map((token) => enter(weir, 'open', { token })));
    expect(guests.filter(({ admin }) => admin)).toHaveLength(1);
  });

  test('a seat that was just given counts, somebody in the lobby does not', async () => {
    await using weir = await director(database);
    const placed = await enter(weir, 'open', { away: true });
    expect(placed.admin).toBe(true);
    expect((await enter(weir, 'open', { away: true })).admin).toBe(false);
    const mo = await weir.join('waiting', 'mo', { admin: true });
    await weir.rooms.updateSettings('waiting', { lobby: true });
    await weir.join('waiting', 'bob');
    expect((await enter(weir, 'waiting')).admin).toBe(false);
    await weir.rooms.leave('waiting', mo.participantId, 'left');
    expect((await enter(weir, 'waiting')).admin, 'else bob waits for ever').toBe(true);
  });

  test('in a room that was set up nobody is admin by being first', async () => {
    await using weir = await director(database);
    await weir.post('/v1/rooms', { roomId: 'set-up', settings: { lobby: true } });
    expect((await enter(weir, 'set-up')).admin).toBe(false);
    await weir.del('/v1/rooms/set-up');
    expect((await enter(weir, 'set-up')).admin).toBe(true);
  });

  test('off: forbidden, with what to do', async () => {
    await using weir = await director(database, { guestAccess: false });
    const refused = await weir.post('/v1/guest', { room: 'open' }, { as: '' });
    expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden', detail: /token/ } });
  });

  test('[DI6] has a strict limit of its own', async () => {
    await using weir = await director(database);
    const answers = await Promise.all(
      Array.from({ length: 61 }, () => weir.post('/v1/guest', { room: 'open' }, { as: '' })),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(1);
    expect(refused[0]!.headers.get('retry-after')).toMatch(/^\d+$/);
    expect((await weir.get('/v1/rooms')).status, 'other calls go on').toBe(200);
  });

  test.each([
    [{ room: 'a b' }],
    [{ room: '' }],
    [{}],
    [{ room: 'r', name: 'x'.repeat(129) }],
    [{ room: 'r', admin: true }],
  ])('%j is refused', async (body) => {
    await using weir = await director(database);
    expect(code(await weir.post('/v1/guest', body, { as: '' }))).toBe('bad-request');
  });
});

describe('rooms', () => {
  test('are created once, read, changed and deleted', async () => {
    await using weir = await director(database);
    const made = await weir.post('/v1/rooms', { roomId: 'ward-3', settings: { maxParticipants: 12 } });
    expect(made).toMatchObject({ status: 201, body: { roomId: 'ward-3', setUp: true, live: null } });
    expect(made.headers.get('location')).toBe('/v1/rooms/ward-3');
    expect(code(await weir.post('/v1/rooms', { roomId: 'ward-3' }))).toBe('conflict');

    const lobby = { settings: { lobby: true } };
    const changed = await weir.patch('/v1/rooms/ward-3', lobby);
    expect(changed.body).toMatchObject({ settings: { maxParticipants: 12, lobby: true } });
    expect(await weir.patch('/v1/rooms/ward-3', lobby), 'again').toMatchObject({
      status: 200,
      body: changed.body,
    });
    expect((await weir.get('/v1/rooms/ward-3')).body).toEqual(changed.body);

    expect(await weir.del('/v1/rooms/ward-3')).toMatchObject({ status: 204, body: undefined });
    expect((await weir.del('/v1/rooms/ward-3')).status, 'again').toBe(204);
    expect(code(await weir.get('/v1/rooms/ward-3'))).toBe('room-not-found');
    expect(code(await weir.patch('/v1/rooms/ward-3', lobby))).toBe('room-not-found');
  });

  test('of many who create the same, one does', async () => {
    await using weir = await director(database);
    const made = await Promise.all([1, 2, 3, 4].map(() => weir.post('/v1/rooms', { roomId: 'r' })));
    expect(made.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  });

  test('one that lives without being set up is there too', async () => {
    await using weir = await director(database);
    await weir.join('lively', 'alice');
    expect((await weir.get('/v1/rooms/lively')).body).toMatchObject({
      setUp: false,
      live: { participants: 1 },
    });
    const changed = await weir.patch('/v1/rooms/lively', { settings: { metadata: 'm' } });
    expect(changed.body).toMatchObject({ setUp: false, settings: { metadata: 'm' } });
    expect((await weir.del('/v1/rooms/lively')).status).toBe(204);
    expect(code(await weir.get('/v1/rooms/lively'))).toBe('room-not-found');
  });

  test('one that lives takes the settings when it is set up', async () => {
    await using weir = await director(database);
    await weir.join('lively', 'alice');
    const settings = { maxParticipants: 3 };
    const made = await weir.post('/v1/rooms', { roomId: 'lively', settings });
    expect(made).toMatchObject({ status: 201, body: { setUp: true, settings, live: { participants: 1 } } });
    expect((await weir.rooms.read('lively')).room!.settings).toMatchObject(settings);
    expect(code(await weir.post('/v1/rooms', { roomId: 'lively' }))).toBe('conflict');
  });

  test('one that was set up and where nobody is has nobody in it; one that is not there is not found', async () => {
    await using weir = await director(database);
    await weir.post('/v1/rooms', { roomId: 'quiet' });
    expect((await weir.get('/v1/rooms/quiet/participants')).body).toEqual({ participants: [], cursor: null });
    expect((await weir.get('/v1/rooms/quiet/lobby')).body).toEqual({ waiting: [] });
    for (const path of ['participants', 'lobby'])
      expect(code(await weir.get(`/v1/rooms/gone/${path}`)), path).toBe('room-not-found');
  });

  test('changes hold for the living room at once, and are told', async () => {
    await using weir = await director(database);
    await weir.post('/v1/rooms', { roomId: 'r' });
    await weir.join('r', 'alice');
    await weir.patch('/v1/rooms/r', { settings: { lobby: true } });
    expect((await weir.rooms.read('r')).room!.settings.lobby).toBe(true);
    expect((await eventsOf(weir, 'r')).at(-1)).toMatchObject({ type: 'roomUpdated' });
    await weir.join('r', 'bob');
    expect((await weir.get('/v1/rooms/r')).body).toMatchObject({
      live: { participants: 1, waiting: 1, tracks: 0 },
    });
  });

  test('a moderator changes and ends the call and leaves the room set up; an API key forgets it', async () => {
    await using weir = await director(database);
    await weir.post('/v1/rooms', { roomId: 'r', settings: { lobby: true } });
    await weir.join('r', 'mo', { admin: true });
    const as = bearer(await weir.joinToken('r', 'mo', { admin: true }));
    const opened = await weir.patch('/v1/rooms/r', { settings: { lobby: false } }, { as });
    expect(opened).toMatchObject({ status: 200, body: { settings: { lobby: false } } });
    expect((await weir.rooms.read('r')).room!.settings.lobby).toBe(false);
    expect((await weir.del('/v1/rooms/r', { as })).status).toBe(204);
    expect((await weir.get('/v1/rooms/r')).body).toMatchObject({ live: null, settings: { lobby: true } });
    expect(code(await weir.patch('/v1/rooms/r', { settings: {} }, { as })), 'nothing lives').toBe(
      'room-not-found',
    );
    expect((await weir.del('/v1/rooms/r', { as })).status, 'again').toBe(204);
    expect((await weir.get('/v1/rooms/r')).status, 'still set up').toBe(200);
    expect((await weir.del('/v1/rooms/r')).status).toBe(204);
    expect(code(await weir.get('/v1/rooms/r'))).toBe('room-not-found');
  });

  test('are listed page by page, set up or living, each once', async () => {
    await using weir = await director(database);
    const setUp = ['Zebra', 'alpha', 'both', 'élan', '𝔘n', 'ward-10', 'ward-9'];
    for (const roomId of setUp) await weir.post('/v1/rooms', { roomId });
    for (const roomId of ['both', 'lively', '日本']) await weir.join(roomId, 'alice');
    const seen: RoomAnswer[] = [];
    let pages = 0;
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body } = await weir.get(`/v1/rooms?limit=3${cursor && `&cursor=${cursor}`}`);
      const page = body as RoomPage;
      expect(page.rooms.length).toBeLessThanOrEqual(3);
      seen.push(...page.rooms);
      cursor = page.cursor;
      pages += 1;
    }
    expect(pages).toBe(3);
    expect(seen.map(({ roomId }) => roomId)).toEqual([
      'Zebra',
      'alpha',
      'both',
      'lively',
      'ward-10',
      'ward-9',
      'élan',
      '日本',
      '𝔘n',
    ]);
    expect(seen.filter(({ live }) => live?.participants === 1).map(({ roomId }) => roomId)).toEqual([
      'both',
      'lively',
      '日本',
    ]);
  });

  test.each<[string, string, unknown, RegExp]>([
    ['POST', '/v1/rooms', { roomId: 'a/b' }, /body\.roomId/],
    ['POST', '/v1/rooms', { roomId: 'x'.repeat(65) }, /body\.roomId/],
    ['POST', '/v1/rooms', { roomId: 'r', setings: {} }, /setings/],
    ['POST', '/v1/rooms', { roomId: 'r', settings: { loby: true } }, /body\.settings: .*loby/],
    [
      'POST',
      '/v1/rooms',
      { roomId: 'r', settings: { maxParticipants: 0 } },
      /body\.settings\.maxParticipants/,
    ],
    [
      'POST',
      '/v1/rooms',
      { roomId: 'r', settings: { metadata: 'ü'.repeat(5_000) } },
      /body\.settings\.metadata/,
    ],
    ['PATCH', '/v1/rooms/r', { settings: { lobby: 'yes' } }, /body\.settings\.lobby/],
    ['PATCH', '/v1/rooms/r', { settings: { loby: true } }, /body\.settings: .*loby/],
    ['PATCH', '/v1/rooms/r', { lobby: true }, /lobby/],
    ['PATCH', '/v1/rooms/r', {}, /body\.settings/],
    ['PATCH', '/v1/rooms/r', [], /^body: /],
    ['GET', '/v1/rooms?limit=0', undefined, /querystring\.limit/],
    ['GET', '/v1/rooms?limit=201', undefined, /querystring\.limit/],
    ['GET', '/v1/rooms/r/participants?limit=201', undefined, /querystring\.limit/],
    ['GET', '/v1/rooms/r/participants?cursor=p_1', undefined, /querystring\.cursor/],
    ['GET', '/v1/rooms?limit=many', undefined, /querystring\.limit/],
    ['GET', '/v1/rooms?limit=1&limit=2', undefined, /querystring\.limit/],
    ['GET', '/v1/rooms?page=2', undefined, /page/],
    ['GET', '/v1/rooms?cursor=AAAA', undefined, /cursor/],
    ['GET', '/v1/rooms/a%20b', undefined, /params\.roomId/],
    ['GET', '/v1/rooms/a%00b', undefined, /params\.roomId/],
    ['GET', `/v1/rooms/${'x'.repeat(65)}`, undefined, /params\.roomId/],
  ])('[DI5] %s %s %j is refused, with the field named', async (method, path, body, words) => {
    await using weir = await director(database);
    const refused = await weir.call(method, path, { body });
    expect([code(refused), detail(refused)]).toEqual(['bad-request', expect.stringMatching(words)]);
  });
});

describe('participants', () => {
  test('are listed with their tracks by time of joining, hidden ones too', async () => {
    await using weir = await director(database);
    const alice = await weir.join('r', 'alice');
    const recorder = await weir.join('r', 'recorder', { hidden: true });
    await weir.publish('r', alice.participantId, 'mic');
    const { body } = await weir.get('/v1/rooms/r/participants');
    const { participants } = body as { participants: ParticipantAnswer[] };
    expect(participants.map(({ participantId }) => participantId).sort()).toEqual(
      [alice.participantId, recorder.participantId].sort(),
    );
    const one = participants.find(({ identity }) => identity === 'alice');
    expect(one).toMatchObject({
      displayName: 'alice',
      status: 'connected',
      tracks: [{ trackId: 'mic', muted: false }],
    });
    expect((await weir.get(`/v1/rooms/r/participants/${alice.participantId}`)).body).toEqual(one);
    expect(JSON.stringify(body), 'what proves a seat stays inside').not.toContain('secret');
  });

  test('who is hidden is there for API keys only', async () => {
    await using weir = await director(database);
    const alice = await weir.join('r', 'alice');
    const recorder = await weir.join('r', 'recorder', { hidden: true });
    const as = bearer(await weir.joinToken('r', 'mo', { admin: true }));
    const seen = await weir.get('/v1/rooms/r/participants', { as });
    expect(seen.body).toMatchObject({ participants: [{ participantId: alice.participantId }], cursor: null });
    expect(JSON.stringify(seen.body)).not.toContain('recorder');
    expect((await weir.get('/v1/rooms/r', { as })).body).toMatchObject({ live: { participants: 1 } });
    expect((await weir.get('/v1/rooms/r')).body).toMatchObject({ live: { participants: 2 } });
    const path = `/v1/rooms/r/participants/${recorder.participantId}`;
    const tried = [
      weir.get(path, { as }),
      weir.patch(path, { displayName: 'x' }, { as }),
      weir.del(path, { as }),
    ];
    for (const refused of tried) expect(code(await refused)).toBe('participant-not-found');
    expect((await weir.get(path)).body).toMatchObject({ identity: 'recorder', displayName: 'recorder' });
    expect((await weir.del(path)).status).toBe(204);
  });

  test('are listed page by page, each once, whoever leaves meanwhile', async () => {
    await using weir = await director(database);
    const names = ['a', 'b', 'c', 'd', 'e'];
    const seats: JoinAnswer[] = [];
    for (const name of names) seats.push(await weir.join('r', name));
    const seen: string[] = [];
    let pages = 0;
    for (let cursor: string | null = ''; cursor !== null; pages++) {
      const path = `/v1/rooms/r/participants?limit=2${cursor && `&cursor=${cursor}`}`;
      const page = (await weir.get(path)).body as ParticipantPage;
      seen.push(...page.participants.map(({ identity }) => identity));
      // The one that the cursor stands at goes: the next page begins after its place all the same.
      if (pages === 0) await weir.rooms.leave('r', page.participants.at(-1)!.participantId, 'left');
      cursor = page.cursor;
    }
    expect([pages, seen.sort()]).toEqual([3, names]);
  });

  test('are changed: words, attributes and grants, what is left out stays', async () => {
    await using weir = await director(database);
    const { participantId } = await weir.join('r', 'alice', { publish: ['microphone', 'camera'] });
    await weir.publish('r', participantId, 'mic');
    const path = `/v1/rooms/r/participants/${participantId}`;
    expect((await weir.patch(path, { displayName: 'Dr. A', attributes: { hand: 'up' } })).body).toMatchObject(
      {
        displayName: 'Dr. A',
        attributes: { hand: 'up' },
        metadata: '',
        tracks: [{ trackId: 'mic' }],
      },
    );
    const withdrawn = await weir.patch(path, { metadata: 'm', grants: { publish: ['camera'] } });
    expect(withdrawn.body).toMatchObject({ metadata: 'm', displayName: 'Dr. A', tracks: [] });
    expect((withdrawn.body as ParticipantAnswer).grants).toMatchObject({
      publish: ['camera'],
      subscribe: true,
      data: true,
    });
    expect(await eventsOf(weir, 'r')).toContainEqual({
      type: 'trackUnpublished',
      trackId: 'mic',
      participantId,
    });
    expect((await weir.patch(path, {})).body).toEqual(withdrawn.body);
  });

  test('are removed', async () => {
    await using weir = await director(database);
    const { participantId } = await weir.join('r', 'alice');
    const path = `/v1/rooms/r/participants/${participantId}`;
    expect((await weir.del(path)).status).toBe(204);
    expect((await eventsOf(weir, 'r')).at(-1)).toEqual({
      type: 'participantLeft',
      participantId,
      reason: 'removed',
    });
    for (const again of [weir.del(path), weir.get(path), weir.patch(path, { displayName: 'x' })])
      expect(code(await again)).toBe('participant-not-found');
  });

  test('are muted so that they cannot undo it; lifting it opens no microphone', async () => {
    await using weir = await director(database);
    const alice = await weir.join('r', 'alice');
    await weir.publish('r', alice.participantId, 'mic');
    const mute = '/v1/rooms/r/tracks/mic/mute';
    for (const time of ['once', 'again'])
      expect((await weir.post(mute, { muted: true })).body, time).toMatchObject({
        muted: true,
        mutedBy: 'moderator',
      });
    await expect(weir.rooms.setMuted('r', alice.participantId, 'mic', false)).rejects.toMatchObject({
      code: 'muted-by-moderator',
    });
    expect((await weir.post(mute, { muted: false })).body).toMatchObject({ muted: true, mutedBy: 'self' });
    expect(code(await weir.post(mute.replace('/mic/', '/cam/'), { muted: true }))).toBe('track-not-found');
  });

  test.each<[string, string, unknown, RegExp]>([
    ['PATCH', '/participants/p', { name: 'x' }, /name/],
    ['PATCH', '/participants/p', { grants: { amdin: true } }, /body\.grants: .*amdin/],
    ['PATCH', '/participants/p', { grants: { publish: ['kamera'] } }, /body\.grants\.publish/],
    ['PATCH', '/participants/p', { displayName: 'x'.repeat(129) }, /body\.displayName/],
    ['PATCH', '/participants/p', { attributes: { a: 1 } }, /body\.attributes\.a/],
    ['POST', '/tracks/mic/mute', {}, /body\.muted/],
    ['POST', '/tracks/mic/mute', { muted: 'true' }, /body\.muted/],
    ['POST', '/tracks/mic/mute', { muted: true, why: 1 }, /why/],
  ])('[DI5] %s %s %j is refused, with the field named', async (method, path, body, words) => {
    await using weir = await director(database);
    const refused = await weir.call(method, `/v1/rooms/r${path}`, { body });
    expect([code(refused), detail(refused)]).toEqual(['bad-request', expect.stringMatching(words)]);
  });
});

describe('lobby', () => {
  test('somebody waits, is admitted and enters; somebody else is refused', async () => {
    await using weir = await director(database);
    await weir.post('/v1/rooms', { roomId: 'r', settings: { lobby: true } });
    const [ann, ben] = [await weir.join('r', 'ann'), await weir.join('r', 'ben')];
    expect((await weir.get('/v1/rooms/r/lobby')).body).toMatchObject({
      waiting: [{ participantId: ann.participantId, displayName: 'ann' }, { identity: 'ben' }],
    });
    const lobby = (seat: JoinAnswer, verb: string) =>
      weir.post(`/v1/rooms/r/lobby/${seat.participantId}/${verb}`);
    expect((await lobby(ann, 'admit')).status).toBe(204);
    expect((await lobby(ann, 'admit')).status, 'again').toBe(204);
    expect((await weir.rooms.enter('r', ann.participantId)).state).toBe('joined');
    expect((await lobby(ann, 'admit')).status, 'inside').toBe(204);
    expect((await lobby(ben, 'refuse')).status).toBe(204);
    const cal = await weir.join('r', 'cal');
    expect((await weir.del(`/v1/rooms/r/participants/${cal.participantId}`)).status, 'removed').toBe(204);
    expect(code(await lobby(ben, 'refuse'))).toBe('participant-not-found');
    expect(code(await lobby(ben, 'admit'))).toBe('participant-not-found');
    expect((await weir.get('/v1/rooms/r/lobby')).body).toEqual({ waiting: [] });
    expect((await weir.get('/v1/rooms/r')).body).toMatchObject({ live: { participants: 1, waiting: 0 } });
  });
});

describe('POST /v1/rooms/:roomId/data', () => {
  test.each<[string, Record<string, unknown>, object]>([
    ['text to all', { payload: 'ten minutes' }, { payload: 'ten minutes', encoding: 'utf8' }],
    [
      'bytes to some',
      { payload: 'AAEC', encoding: 'base64', to: ['p_1'] },
      { encoding: 'base64', to: ['p_1'] },
    ],
    ['a message sent again', { payload: 'x', messageId: 'm-1' }, { messageId: 'm-1' }],
  ])('%s is in the order of the room', async (_, body, message) => {
    await using weir = await director(database);
    await weir.join('r', 'alice');
    const sent = await weir.post('/v1/rooms/r/data', { topic: 'notice', ...body });
    expect(sent.status).toBe(200);
    const revision = (await weir.store.rooms.read('r'))!.revision;
    expect(sent.body).toEqual({ revision });
    expect((await eventsOf(weir, 'r')).at(-1)).toEqual({
      type: 'dataReceived',
      message: expect.objectContaining({
        from: '',
        topic: 'notice',
        messageId: expect.stringMatching(/./),
        ...message,
      }),
    });
  });

  test.each<[string, object, string, RegExp]>([
    ['nobody there', { topic: 't', payload: 'p' }, 'room-not-found', /gone/],
    ['no topic', { payload: 'p' }, 'bad-request', /body\.topic/],
    ['an unknown field', { topic: 't', payload: 'p', from: 'p_1' }, 'bad-request', /from/],
    ['no base64', { topic: 't', payload: '!!', encoding: 'base64' }, 'bad-request', /body\.payload/],
    ['too many bytes of text', { topic: 't', payload: 'ü'.repeat(8_193) }, 'payload-too-large', /16384/],
    ['too many characters', { topic: 't', payload: 'x'.repeat(21_850) }, 'bad-request', /body\.payload/],
  ])('%s is refused', async (why, body, expected, words) => {
    await using weir = await director(database);
    await weir.join('r', 'alice');
    const refused = await weir.post(`/v1/rooms/${why === 'nobody there' ? 'gone' : 'r'}/data`, body);
    expect([code(refused), detail(refused)]).toEqual([expected, expect.stringMatching(words)]);
  });

  test('16 KiB pass, as text and as base64', async () => {
    await using weir = await director(database);
    await weir.join('r', 'alice');
    const bytes = Buffer.alloc(limits.dataPayloadBytes, 'x');
    for (const encoding of ['utf8', 'base64'] as const)
      expect(
        (await weir.post('/v1/rooms/r/data', { topic: 't', payload: bytes.toString(encoding), encoding }))
          .status,
      ).toBe(200);
  });
});

describe('POST /v1/tokens', () => {
  test('mints a token with which one joins', async () => {
    await using weir = await director(database);
    const wanted = {
      room: 'r',
      identity: 'nurse-7',
      name: 'Kim',
      metadata: 'm',
      grants: { publish: ['camera'], admin: true },
    };
    const { body, status } = await weir.post('/v1/tokens', { ...wanted, ttlSeconds: 600 });
    expect(status).toBe(200);
    const { token } = body as { token: string };
    const claims = await verifyJoinToken(token, async (id) =>
      id === weir.key.id ? weir.key.secret : undefined,
    );
    expect(claims).toMatchObject({ room: 'r', sub: 'nurse-7', name: 'Kim', metadata: 'm' });
    expect(claims.grants).toMatchObject({ publish: ['camera'], admin: true, subscribe: true });
    expect(Math.abs(claims.expiresAt - Date.now() - 600_000)).toBeLessThan(5_000);
    expect((await weir.post('/v1/join', { token }, { as: '' })).status).toBe(200);
  });

  test('with an API token too, signed by its key; an hour and the least grants unless asked for', async () => {
    await using weir = await director(database);
    const as = bearer(await weir.apiToken());
    const { body } = await weir.post('/v1/tokens', { room: 'r', identity: 'a' }, { as });
    const claims = await verifyJoinToken((body as { token: string }).token, async () => weir.key.secret);
    expect(claims).toMatchObject({
      keyId: weir.key.id,
      grants: { admin: false, hidden: false, bypassLobby: false },
    });
    expect(Math.abs(claims.expiresAt - Date.now() - 3_600_000)).toBeLessThan(5_000);
  });

  test.each([
    [{ identity: 'a' }, /body\.room/],
    [{ room: 'r' }, /body\.identity/],
    [{ room: 'r', identity: 'a', ttlSeconds: 86_401 }, /body\.ttlSeconds/],
    [{ room: 'r', identity: 'a', ttlSeconds: 0 }, /body\.ttlSeconds/],
    [{ room: 'r', identity: 'a', grants: { admn: true } }, /body\.grants: .*admn/],
    [{ room: 'r', identity: 'a', sub: 'b' }, /sub/],
  ])('%j is refused, with the field named', async (body, words) => {
    await using weir = await director(database);
    const refused = await weir.post('/v1/tokens', body);
    expect([code(refused), detail(refused)]).toEqual(['bad-request', expect.stringMatching(words)]);
  });
});

test('[DI6] guesses at keys are bounded by the rate limit', async () => {
  await using weir = await director(database, { requestsPerMinute: 5 });
  const guesses = Array.from({ length: 8 }, (_, i) => basic({ id: weir.key.id, secret: `ws_${i}` }));
  const answers: string[] = [];
  for (const as of guesses) answers.push(code(await weir.get('/v1/rooms', { as })));
  expect(answers).toEqual([...Array(5).fill('unauthenticated'), ...Array(3).fill('rate-limited')]);
});

test('a body is not read for a stranger', async () => {
  await using weir = await director(database);
  const refused = await weir.post('/v1/rooms', { roomId: 'x'.repeat(70_000) }, { as: '' });
  expect(code(refused)).toBe('unauthenticated');
});

test('GET /v1/placements tells where participants were placed and why, newest first', async () => {
  await using weir = await director(database, {
    mediaNodes: { 'media-1': '{"sessions":9}', 'media-2': '{"sessions":2}' },
  });
  await weir.join('a', 'alice');
  await weir.join('a', 'bob');
  const { body } = await weir.get('/v1/placements?limit=2');
  const placed = {
    at: expect.any(Number),
    roomId: 'a',
    nodeId: 'media-2',
    region: '',
    candidates: 2,
    passedOver: [],
  };
  expect(body).toEqual({
    placements: [
      { ...placed, reason: 'the room is there' },
      { ...placed, reason: '2 sessions against 9 sessions on media-1' },
    ],
  });
  await weir.join('b', 'carol');
  const { body: ofRoom } = await weir.get('/v1/placements?roomId=b');
  expect(ofRoom).toMatchObject({ placements: [{ roomId: 'b' }] });
  expect((await weir.get('/v1/placements?nodeId=nowhere')).body).toEqual({ placements: [] });
  expect(code(await weir.get('/v1/placements?limit=0'))).toBe('bad-request');
});

test('a node is drained over the API, tells when it is empty, and is put back', async () => {
  await using weir = await director(database, {
    mediaNodes: { 'media-1': '{"sessions":9,"region":"eu"}', 'media-2': '{"sessions":2}' },
  });
  const asked = await weir.post('/v1/nodes/media-1/drain', { deadlineSeconds: 30 });
  expect(asked.body).toMatchObject({
    nodeId: 'media-1',
    region: 'eu',
    roles: [{ role: 'media', left: 9 }],
    state: 'draining',
    notes: [],
  });
  const { drain } = asked.body as { drain: { since: number; deadlineAt: number } };
  expect(drain.deadlineAt - drain.since).toBe(30_000);
  const told = JSON.stringify({ sessions: 0, drain });
  await weir.store.leases.acquire('media-node:media-1', 'media-1', 60_000, told);
  expect((await weir.get('/v1/nodes/media-1')).body).toMatchObject({ state: 'drained' });
  // The last one: there is nowhere to go.
  const last = await weir.post('/v1/nodes/media-2/drain');
  expect(last.body).toMatchObject({ notes: [expect.stringContaining('no other media node')] });
  expect((await weir.del('/v1/nodes/media-1/drain')).body).toMatchObject({ state: 'working', drain: null });
  const { body } = await weir.get('/v1/nodes');
  expect((body as { nodes: { nodeId: string }[] }).nodes.map(({ nodeId }) => nodeId)).toEqual([
    'media-1',
    'media-2',
  ]);
  expect(code(await weir.post('/v1/nodes/media-9/drain'))).toBe('not-found');
  expect(code(await weir.post('/v1/nodes/media-1/drain', { deadlineSeconds: 0 }))).toBe('bad-request');
});
