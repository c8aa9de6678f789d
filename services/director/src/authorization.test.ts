import { mintApiToken, mintJoinToken } from '@weir/auth';
import type { Database } from '@weir/database';
import { openTestDatabase } from '@weir/database/testing';
import { FakeClock, type TempDir, tempDir } from '@weir/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { basic, bearer, type Director, director } from './director.fixture.ts';

let directory: TempDir;
let database: Database;
let weir: Director;
let participantId: string;
const room = 'ward-3';

beforeAll(async () => {
  directory = await tempDir();
  database = await openTestDatabase(directory.path);
  weir = await director(database);
  ({ participantId } = await weir.join(room, 'alice'));
  await weir.publish(room, participantId, 'mic');
}, 90_000);
afterAll(async () => {
  await weir[Symbol.asyncDispose]();
  await database.close();
  await directory[Symbol.asyncDispose]();
});

const long = 10 * 60_000;
const wrong = (secret: string) => `${secret.slice(0, -1)}${secret.endsWith('0') ? '1' : '0'}`;

/** With another signature. Not its last letter: some of the bits of that count for nothing. */
const forged = (token: string) =>
  token.replace(/\.(.)([^.]*)$/, (_, first, rest) => `.${first === 'A' ? 'B' : 'A'}${rest}`);

/** Every kind of caller, with what their credentials are worth at routes for keys, of their room, and of another room. */
const callers: [string, () => string | Promise<string>, { key: string; own: string; other: string }][] = [
  ['nobody', () => '', all('unauthenticated')],
  ['an API key', () => basic(weir.key), all('ok')],
  ['an API key in lower case', () => basic(weir.key).replace('Basic', 'basic'), all('ok')],
  ['a wrong secret', () => basic({ ...weir.key, secret: wrong(weir.key.secret) }), all('unauthenticated')],
  ['no secret', () => basic({ ...weir.key, secret: '' }), all('unauthenticated')],
  ['an unknown key', () => basic({ id: 'wk_nobody', secret: '' }), all('unauthenticated')],
  [
    'a key without a colon',
    () => `Basic ${Buffer.from(weir.key.id).toString('base64')}`,
    all('unauthenticated'),
  ],
  ['a key with a zero byte', () => basic({ id: 'wk\0', secret: 'x' }), all('unauthenticated')],
  ['no base64', () => 'Basic %%%', all('unauthenticated')],
  ['another scheme', () => 'Digest abc', all('unauthenticated')],
  ['no scheme', () => weir.key.secret, all('unauthenticated')],
  ['the bare secret as a token', () => bearer(weir.key.secret), all('unauthenticated')],
  ['an API token', async () => bearer(await weir.apiToken()), all('ok')],
  [
    'an API token that is over',
    async () =>
      bearer(await mintApiToken(weir.key, { ttlSeconds: 1, clock: new FakeClock(Date.now() - long) })),
    all('token-expired'),
  ],
  [
    'an API token of an unknown key',
    async () => bearer(await mintApiToken({ ...weir.key, id: 'wk_nobody' }, { ttlSeconds: 60 })),
    all('unauthenticated'),
  ],
  [
    'an API token with another signature',
    async () => bearer(await mintApiToken({ ...weir.key, secret: 'x'.repeat(43) }, { ttlSeconds: 60 })),
    all('unauthenticated'),
  ],
  [
    'a moderator',
    async () => bearer(await weir.joinToken(room, 'mo', { admin: true })),
    { key: 'forbidden', own: 'ok', other: 'forbidden' },
  ],
  ['a participant', async () => bearer(await weir.joinToken(room, 'alice')), all('forbidden')],
  [
    'a moderator whose token is over',
    async () => {
      const clock = new FakeClock(Date.now() - long);
      const claims = { room, sub: 'mo', grants: { admin: true } };
      return bearer(await mintJoinToken(weir.key, claims, { ttlSeconds: 1, clock }));
    },
    all('token-expired'),
  ],
  [
    'a moderator whose token was changed',
    async () => bearer(forged(await weir.joinToken(room, 'mo', { admin: true }))),
    all('unauthenticated'),
  ],
];

function all(worth: string) {
  return { key: worth, own: worth, other: worth };
}

async function worth(method: string, path: string, as: string, body?: unknown): Promise<string> {
  const answer = await weir.call(method, path, { as, body });
  if (answer.status === 401) expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
  return answer.status < 300 ? 'ok' : (answer.body as { code: string }).code;
}

describe.each(callers)('%s', (_, authorization, expected) => {
  test('[DI3] at routes for API keys', async () => {
    const as = await authorization();
    for (const path of ['/v1/rooms', '/v1/keys', '/v1/placements'])
      expect(await worth('GET', path, as), path).toBe(expected.key);
    expect(await worth('POST', '/v1/tokens', as, { room, identity: 'a' })).toBe(expected.key);
  });

  test('[DI3] at the routes of the own room', async () => {
    const as = await authorization();
    const of = `/v1/rooms/${room}`;
    for (const path of ['', '/participants', `/participants/${participantId}`, '/lobby'])
      expect(await worth('GET', of + path, as), path).toBe(expected.own);
    expect(await worth('PATCH', of, as, { settings: {} })).toBe(expected.own);
    expect(await worth('PATCH', `${of}/participants/${participantId}`, as, {})).toBe(expected.own);
    expect(await worth('POST', `${of}/data`, as, { topic: 't', payload: 'p' })).toBe(expected.own);
    expect(await worth('POST', `${of}/tracks/mic/mute`, as, { muted: false })).toBe(expected.own);
  });

  test('[DI3] at the routes of another room', async () => {
    const as = await authorization();
    const refusal = expected.other === 'ok' ? undefined : expected.other;
    const rows: [string, string, unknown?, string?][] = [
      ['GET', ''],
      ['PATCH', '', { settings: {} }],
      ['DELETE', '', undefined, 'ok'],
      ['GET', '/participants'],
      ['GET', '/participants/p'],
      ['PATCH', '/participants/p', { displayName: 'x' }],
      ['DELETE', '/participants/p'],
      ['POST', '/tracks/t/mute', { muted: true }],
      ['GET', '/lobby'],
      ['POST', '/lobby/p/admit'],
      ['POST', '/lobby/p/refuse'],
      ['POST', '/data', { topic: 't', payload: 'p' }],
    ];
    for (const [method, path, body, found = 'room-not-found'] of rows) {
      const got = await worth(method, `/v1/rooms/ward-4${path}`, as, body);
      expect(got, `${method} ${path}`).toBe(refusal ?? found);
    }
  });
});

test.each([
  '/v1/rooms/ward%2D3',
  '/v1/rooms/ward-3/',
  '/v1/rooms//ward-3',
  '/v1/rooms/ward-4/../ward-3',
  '/v1/rooms/ward-3?roomId=ward-4',
])('a moderator of another room does not get to %s', async (path) => {
  const as = bearer(await weir.joinToken('ward-4', 'mo', { admin: true }));
  expect(['forbidden', 'not-found']).toContain(await worth('GET', path, as));
});

test('[DI2] [DI3] whoever names a key that the database could not even look up is a stranger', async () => {
  const odd = { id: 'wk\0', secret: 'x'.repeat(43) };
  const token = await mintJoinToken(odd, { room, sub: 'alice' }, { ttlSeconds: 60 });
  expect(await worth('POST', '/v1/join', '', { token })).toBe('unauthenticated');
  const as = bearer(await mintApiToken(odd, { ttlSeconds: 60 }));
  expect(await worth('GET', '/v1/rooms', as)).toBe('unauthenticated');
});

test('a key is good until it is revoked, and so is every token of it', async () => {
  const { body: made, status } = await weir.post('/v1/keys');
  expect(status).toBe(201);
  const key = made as { id: string; secret: string };
  const credentials = [basic(key), bearer(await mintApiToken(key, { ttlSeconds: 60 }))];
  const token = await mintJoinToken(key, { room: 'keyed', sub: 'alice' }, { ttlSeconds: 60 });
  for (const as of credentials) expect(await worth('GET', '/v1/rooms', as)).toBe('ok');
  expect(await worth('POST', '/v1/join', '', { token })).toBe('ok');

  expect((await weir.del(`/v1/keys/${key.id}`)).status).toBe(204);
  for (const as of credentials) expect(await worth('GET', '/v1/rooms', as)).toBe('unauthenticated');
  expect(await worth('POST', '/v1/join', '', { token })).toBe('unauthenticated');
  expect(await worth('DELETE', `/v1/keys/${key.id}`, basic(weir.key)), 'again').toBe('ok');
  expect(await worth('DELETE', '/v1/keys/wk_nobody', basic(weir.key))).toBe('not-found');

  const { body } = await weir.get('/v1/keys');
  const { keys } = body as { keys: { id: string; revokedAt: number | null }[] };
  expect(keys.find(({ id }) => id === key.id)?.revokedAt).toEqual(expect.any(Number));
  expect(JSON.stringify(body)).not.toContain(key.secret);
});

test('the last key cannot be revoked', async () => {
  expect(await worth('DELETE', `/v1/keys/${weir.key.id}`, basic(weir.key))).toBe('wrong-state');
  expect(await worth('GET', '/v1/keys', basic(weir.key))).toBe('ok');
});
