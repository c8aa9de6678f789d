import { PlatformError } from '@weir/core';
import { JoinClaims } from '@weir/protocol';
import { z } from 'zod';
import type { ApiKey, FindSecret } from './api-key.ts';
import { type MintOptions, mintToken, refused, type VerifyOptions, verifyToken } from './signed-token.ts';

/** Long enough for a lesson or a shift that starts late; a leaked one is of no use the next day. */
const joinToken = { audience: 'weir:join', maxAgeSeconds: 24 * 3600 };

/** `issuedAt` and `expiresAt` in ms since the epoch. */
export type VerifiedJoin = JoinClaims & { keyId: string; issuedAt: number; expiresAt: number };

/** A token that lets its bearer join one room as one identity. Throws `bad-request` for claims that break the rules. */
export async function mintJoinToken(
  key: ApiKey,
  claims: z.input<typeof JoinClaims>,
  options: MintOptions,
): Promise<string> {
  const parsed = JoinClaims.safeParse(claims);
  if (!parsed.success) throw new PlatformError('bad-request', z.prettifyError(parsed.error));
  return mintToken(joinToken, key, parsed.data, options);
}

/** Throws `token-expired`, or `unauthenticated` with a message that says what is wrong. */
export async function verifyJoinToken(
  token: string,
  findSecret: FindSecret,
  options?: VerifyOptions,
): Promise<VerifiedJoin> {
  const { keyId, issuedAt, expiresAt, payload } = await verifyToken(joinToken, token, findSecret, options);
  const claims = JoinClaims.safeParse(payload);
  if (!claims.success) throw refused(`the claims of the token: ${z.prettifyError(claims.error)}`);
  return { ...claims.data, keyId, issuedAt, expiresAt };
}
