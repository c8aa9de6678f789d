import { type Clock, PlatformError, systemClock } from '@weir/core';
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import type { ApiKey, FindSecret } from './api-key.ts';

/** One kind of token: a JWT (RFC 7519) signed with HS256, whose issuer is an API key and whose audience is the kind. */
export type TokenKind = { audience: string; maxAgeSeconds: number };

/** A token that was verified; times in ms since the epoch. */
export type SignedToken = { keyId: string; issuedAt: number; expiresAt: number; payload: JWTPayload };

export type MintOptions = { ttlSeconds: number; clock?: Clock };
export type VerifyOptions = { clock?: Clock };

const algorithm = 'HS256';
const maxTokenLength = 16_384;
/** How far the clocks of the backend that mints and of our servers may be apart. */
const clockToleranceSeconds = 10;

export async function mintToken(
  kind: TokenKind,
  key: ApiKey,
  payload: JWTPayload,
  { ttlSeconds, clock = systemClock }: MintOptions,
): Promise<string> {
  if (!(ttlSeconds > 0 && ttlSeconds <= kind.maxAgeSeconds))
    throw new PlatformError('bad-request', `ttlSeconds must be above 0 and at most ${kind.maxAgeSeconds}`);
  const now = Math.floor(clock.now() / 1000);
  return new SignJWT(payload)
    .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
    .setIssuer(key.id)
    .setAudience(kind.audience)
    .setIssuedAt(now)
    .setExpirationTime(now + Math.ceil(ttlSeconds))
    .sign(bytesOf(key.secret));
}

/** Throws `token-expired` for a token that was good once, `unauthenticated` with the reason for any other. */
export async function verifyToken(
  kind: TokenKind,
  token: string,
  findSecret: FindSecret,
  { clock = systemClock }: VerifyOptions = {},
): Promise<SignedToken> {
  const keyId = issuerOf(token);
  const secret = await findSecret(keyId);
  if (secret === undefined) throw refused(`no API key ${keyId}`);
  try {
    const { payload } = await jwtVerify(token, bytesOf(secret), {
      algorithms: [algorithm],
      audience: kind.audience,
      issuer: keyId,
      requiredClaims: ['exp'],
      maxTokenAge: kind.maxAgeSeconds, // Counts from `iat`, which is required by it.
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(clock.now()),
    });
    const end = Math.min(payload.exp!, payload.iat! + kind.maxAgeSeconds);
    return { keyId, issuedAt: payload.iat! * 1000, expiresAt: end * 1000, payload };
  } catch (error) {
    throw explained(error, kind, keyId);
  }
}

export function refused(message: string, cause?: unknown): PlatformError {
  return new PlatformError('unauthenticated', message, { cause });
}

/** Who says to have signed it: nothing is proved yet. */
function issuerOf(token: string): string {
  if (token.length > maxTokenLength) throw refused(`the token is longer than ${maxTokenLength} characters`);
  let header: { alg?: string };
  let payload: JWTPayload;
  try {
    header = decodeProtectedHeader(token);
    payload = decodeJwt(token);
  } catch (error) {
    throw refused('the token is not a JWT', error);
  }
  if (header.alg !== algorithm)
    throw refused(`the token is signed with ${quoted(header.alg)}, not ${algorithm}`);
  if (typeof payload.iss !== 'string' || payload.iss.length === 0 || payload.iss.length > 128)
    throw refused('the token names no API key as its issuer (iss)');
  return payload.iss;
}

function explained(error: unknown, kind: TokenKind, keyId: string): unknown {
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return refused(`bad signature: not signed with the secret of ${keyId}, or changed since`, error);
  if (error instanceof errors.JWTExpired) {
    const message =
      error.claim === 'iat'
        ? `the token was issued more than ${kind.maxAgeSeconds} s ago`
        : `the token expired at ${new Date(Number(error.payload.exp) * 1000).toISOString()}`;
    return new PlatformError('token-expired', message, { cause: error });
  }
  if (error instanceof errors.JWTClaimValidationFailed) return refused(claimMessage(error, kind), error);
  if (error instanceof errors.JOSEError)
    return refused(`the token is not a valid JWT: ${error.message}`, error);
  return error; // Not the token's fault.
}

function claimMessage({ claim, reason, payload }: errors.JWTClaimValidationFailed, kind: TokenKind): string {
  if (reason === 'missing') return `the token lacks the claim ${claim}`;
  if (claim === 'aud') return `the token is for ${quoted(payload.aud)}, not for ${quoted(kind.audience)}`;
  if (claim === 'nbf') return 'the token is not valid yet (nbf): check the clocks';
  if (claim === 'iat') return 'the token was issued in the future (iat): check the clocks';
  return `the claim ${claim} of the token is wrong`;
}

function quoted(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 64);
}

function bytesOf(secret: string): Uint8Array {
  return new TextEncoder().encode(secret);
}
