import { createHmac } from 'node:crypto';
import { type Clock, PlatformError } from '@weir/core';
import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { newApiKey } from './api-key.ts';
import { mintApiToken, verifyApiToken } from './api-token.ts';
import { mintJoinToken, verifyJoinToken } from './join-token.ts';

const nowSeconds = 1_800_000_000;
const at = (seconds: number): { clock: Clock } => ({
  clock: { now: () => (nowSeconds + seconds) * 1000, after: () => () => {} },
});
const ttl = (ttlSeconds: number) => ({ ttlSeconds, ...at(0) });

const key = newApiKey();
const other = newApiKey();
const findSecret = async (keyId: string) =>
  keyId === key.id ? key.secret : keyId === other.id ? other.secret : undefined;

/** Any JWT at all, signed as told: what a backend in another language, or an attacker, may send. */
function handmade(header: object, payload: object, secret = key.secret, hash = 'sha256'): string {
  const text = [header, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${createHmac(hash, secret).update(text).digest('base64url')}`;
}
const hs256 = { alg: 'HS256', typ: 'JWT' };
const good = {
  iss: key.id,
  aud: 'weir:join',
  iat: nowSeconds,
  exp: nowSeconds + 60,
  room: 'ward-3',
  sub: 'nurse-7',
};
const without = (claim: keyof typeof good) => ({ ...good, [claim]: undefined });

describe('join token', () => {
  test('carries its claims, with defaults for what was left out', async () => {
    const token = await mintJoinToken(
      key,
      { room: 'ward-3', sub: 'nurse-7', name: 'Ada', grants: { publish: ['camera'], admin: true } },
      ttl(60),
    );
    expect(await verifyJoinToken(token, findSecret, at(30))).toEqual({
      room: 'ward-3',
      sub: 'nurse-7',
      name: 'Ada',
      metadata: '',
      grants: {
        publish: ['camera'],
        subscribe: true,
        data: true,
        hidden: false,
        admin: true,
        bypassLobby: false,
      },
      opensRoom: false,
      region: '',
      keyId: key.id,
      issuedAt: nowSeconds * 1000,
      expiresAt: (nowSeconds + 60) * 1000,
    });
  });

  test('a JWT of any other library will do', async () => {
    const verified = await verifyJoinToken(handmade(hs256, good), findSecret, at(0));
    expect(verified).toMatchObject({ room: 'ward-3', sub: 'nurse-7', keyId: key.id });
    const aged = await verifyJoinToken(handmade(hs256, { ...good, exp: nowSeconds * 2 }), findSecret, at(0));
    expect(aged.expiresAt, 'the age limit').toBe((nowSeconds + 24 * 3600) * 1000);
  });

  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const [head, , signature] = handmade(hs256, good).split('.') as [string, string, string];
  const garbage: [string, string, RegExp][] = [
    ['nothing', '', /not a JWT/],
    ['a word', 'hello', /not a JWT/],
    ['dots', '..', /not a JWT/],
    ['five parts, encrypted', 'e30.e30.e30.e30.e30', /not a JWT/],
    ['no JSON', `${head}.bm90IGpzb24.${signature}`, /not a JWT/],
    ['huge', `${head}.${'A'.repeat(20_000)}.${signature}`, /longer than 16384/],
    ['algorithm none', `${encoded({ alg: 'none' })}.${encoded(good)}.`, /signed with "none", not HS256/],
    ['algorithm none, signed', handmade({ alg: 'none' }, good), /signed with "none"/],
    ['no algorithm', handmade({ typ: 'JWT' }, good), /signed with nothing/],
    ['HS512', handmade({ alg: 'HS512' }, good, key.secret, 'sha512'), /signed with "HS512"/],
    ['unknown crit', handmade({ ...hs256, crit: ['x'], x: 1 }, good), /not a valid JWT/],
    ['tampered payload', `${head}.${encoded({ ...good, sub: 'root' })}.${signature}`, /bad signature/],
    ['no signature', `${head}.${encoded(good)}.`, /bad signature/],
    ['signed with another key', handmade(hs256, good, other.secret), /bad signature/],
    ['signed with an empty secret', handmade(hs256, good, ''), /bad signature/],
    ['unknown key', handmade(hs256, { ...good, iss: 'wk_nobody' }), /no API key wk_nobody/],
    ['no issuer', handmade(hs256, without('iss')), /names no API key/],
    ['issuer not a string', handmade(hs256, { ...good, iss: [key.id] }), /names no API key|not a JWT/],
    ['no audience', handmade(hs256, without('aud')), /lacks the claim aud/],
    [
      'another audience',
      handmade(hs256, { ...good, aud: 'weir:api' }),
      /for "weir:api", not for "weir:join"/,
    ],
    ['no expiry', handmade(hs256, without('exp')), /lacks the claim exp/],
    ['no time of issue', handmade(hs256, without('iat')), /lacks the claim iat/],
    ['issued in the future', handmade(hs256, { ...good, iat: nowSeconds + 11 }), /issued in the future/],
    ['not valid yet', handmade(hs256, { ...good, nbf: nowSeconds + 11 }), /not valid yet/],
    ['expiry is no number', handmade(hs256, { ...good, exp: 'tomorrow' }), /claim exp/],
    ['no room', handmade(hs256, without('room')), /claims of the token.*room/s],
    ['no identity', handmade(hs256, without('sub')), /claims of the token.*sub/s],
    ['a grant that is none', handmade(hs256, { ...good, grants: { admin: 'yes' } }), /grants\.admin/],
  ];
  test.each(garbage)('refuses: %s', async (_, token, message) => {
    const error = await verifyJoinToken(token, findSecret, at(0)).catch((error) => error);
    expect(error).toBeInstanceOf(PlatformError);
    expect(error).toMatchObject({ code: 'unauthenticated', message: expect.stringMatching(message) });
    expect(error.message).not.toContain(key.secret);
  });

  test.each<[string, object, number, string | undefined]>([
    ['in its last second', {}, 59, undefined],
    ['within the tolerance', {}, 69, undefined],
    ['beyond the tolerance', {}, 70, 'the token expired at 2027-01-15T08:01:00.000Z'],
    ['from a clock 10 s ahead', { iat: nowSeconds + 10, nbf: nowSeconds + 10 }, 0, undefined],
    [
      'older than a day',
      { exp: nowSeconds * 2 },
      24 * 3600 + 11,
      'the token was issued more than 86400 s ago',
    ],
  ])('time: %s', async (_, claims, seconds, message) => {
    const verifying = verifyJoinToken(handmade(hs256, { ...good, ...claims }), findSecret, at(seconds));
    if (message === undefined) expect((await verifying).sub).toBe('nurse-7');
    else await expect(verifying).rejects.toMatchObject({ code: 'token-expired', message });
  });

  test('an expired token with a bad signature is not called expired', async () => {
    const verifying = verifyJoinToken(handmade(hs256, good, other.secret), findSecret, at(9_999));
    await expect(verifying).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test.each([
    ['a room name with a slash', { room: 'a/b', sub: 'x' }, ttl(60)],
    ['no identity', { room: 'a', sub: '' }, ttl(60)],
    ['no time', { room: 'a', sub: 'x' }, ttl(0)],
    ['too much time', { room: 'a', sub: 'x' }, ttl(24 * 3600 + 1)],
    ['time that is no number', { room: 'a', sub: 'x' }, ttl(Number.NaN)],
  ])('is not minted with %s', async (_, claims, options) => {
    await expect(mintJoinToken(key, claims, options)).rejects.toMatchObject({ code: 'bad-request' });
  });

  test('a failing key store is not the token’s fault', async () => {
    const down = new Error('database away');
    const verifying = verifyJoinToken(handmade(hs256, good), () => Promise.reject(down), at(0));
    await expect(verifying).rejects.toBe(down);
  });
});

describe('API token', () => {
  test('names its key and end', async () => {
    const token = await mintApiToken(key, ttl(60));
    expect(await verifyApiToken(token, findSecret, at(0))).toEqual({
      keyId: key.id,
      expiresAt: (nowSeconds + 60) * 1000,
    });
    await expect(verifyApiToken(token, findSecret, at(71))).rejects.toMatchObject({ code: 'token-expired' });
  });

  test('is never a join token, nor a join token one', async () => {
    const claims = { room: 'ward-3', sub: 'nurse-7' };
    const join = await mintJoinToken(key, claims, ttl(60));
    const api = await mintApiToken(key, ttl(60));
    const wrongKind = { code: 'unauthenticated', message: expect.stringContaining('not for') };
    await expect(verifyApiToken(join, findSecret, at(0))).rejects.toMatchObject(wrongKind);
    await expect(verifyJoinToken(api, findSecret, at(0))).rejects.toMatchObject(wrongKind);

    const everything = new SignJWT({ ...claims, api: true })
      .setProtectedHeader(hs256)
      .setIssuer(key.id)
      .setAudience('weir:join')
      .setIssuedAt(nowSeconds)
      .setExpirationTime(nowSeconds + 60);
    const both = await everything.sign(new TextEncoder().encode(key.secret));
    await expect(verifyApiToken(both, findSecret, at(0))).rejects.toMatchObject(wrongKind);
  });

  test.each([undefined, false, 'true', 1])('needs the claim api, not %s', async (api) => {
    const token = handmade(hs256, { ...good, aud: 'weir:api', api });
    await expect(verifyApiToken(token, findSecret, at(0))).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});

test('API keys differ, name what they are, and have secrets of 256 bits', () => {
  const keys = Array.from({ length: 100 }, newApiKey);
  expect(new Set(keys.map(({ id }) => id)).size).toBe(100);
  for (const { id, secret } of keys) {
    expect(id).toMatch(/^wk_[0-9a-z]{16}$/);
    expect(secret).toMatch(/^ws_[0-9a-z]{52}$/);
  }
});
