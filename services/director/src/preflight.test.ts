import type { Database } from '@weir/database';
import { openTestDatabase } from '@weir/database/testing';
import { limits, PreflightAnswer } from '@weir/protocol';
import { type TempDir, tempDir } from '@weir/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Director, director } from './director.fixture.ts';

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

const start = (weir: Director, body: object = {}) => weir.post('/v1/preflight', body, { as: '' });
const code = ({ body }: { body: never }) => (body as { code: string }).code;

describe('[DI8] POST /v1/preflight', () => {
  test('answers seats in a room of its own that ends by itself', async () => {
    await using weir = await director(database);
    const { status, body } = await start(weir);
    expect(status).toBe(200);
    const answer = PreflightAnswer.strict().parse(body);
    expect(answer.timeLimitMs).toBe(limits.preflightMs);
    expect(answer.signaling).toEqual([`${weir.url.replace('http', 'ws')}/v1/signaling`]);
    expect(answer.seats).toHaveLength(limits.preflightSeats);
    const { room } = await weir.rooms.read(answer.roomId);
    expect(room!.endsAt! - room!.createdAt).toBe(limits.preflightMs);
    for (const { participantId, secret } of answer.seats) {
      const { grants } = await weir.rooms.attach(answer.roomId, participantId, secret, 's');
      expect(grants).toMatchObject({ publish: ['camera', 'microphone'], data: false, admin: false });
    }
    expect(code(await weir.post('/v1/join', { token: await weir.joinToken(answer.roomId, 'eve') }))).toBe(
      'room-full',
    );
    await using plain = await director(database, { iceServers: () => [] });
    expect(PreflightAnswer.parse((await start(plain)).body).seats).toHaveLength(2); // None for relays.
    const other = PreflightAnswer.parse((await start(weir)).body);
    expect(other.roomId).not.toBe(answer.roomId);
  });

  test('where strangers may not test, a join token is needed', async () => {
    await using weir = await director(database, { publicPreflight: false });
    expect(code(await start(weir))).toBe('forbidden');
    expect(code(await start(weir, { token: 'x' }))).toBe('unauthenticated');
    expect(code(await start(weir, { token: await weir.apiToken() }))).toBe('unauthenticated');
    expect((await start(weir, { token: await weir.joinToken('ward-3', 'alice') })).status).toBe(200);
    expect(await weir.rooms.list()).toHaveLength(1); // The token's own room is not touched.
  });

  test('an address may ask a few times a minute', async () => {
    await using weir = await director(database);
    const codes = [];
    for (let i = 0; i < 14; i++) codes.push((await start(weir)).status);
    expect(codes.slice(0, 12)).toEqual(Array(12).fill(200));
    expect(codes.slice(12)).toEqual([429, 429]);
  });

  test('without a media node no room is made', async () => {
    await using weir = await director(database, { mediaNodes: {} });
    expect(code(await start(weir))).toBe('no-media-node');
    expect(await weir.rooms.list()).toEqual([]);
  });
});
