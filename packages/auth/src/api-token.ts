import type { ApiKey, FindSecret } from './api-key.ts';
import { type MintOptions, mintToken, refused, type VerifyOptions, verifyToken } from './signed-token.ts';

const apiToken = { audience: 'weir:api', maxAgeSeconds: 3600 };

/** A token with which a product's backend calls the HTTP API. */
export function mintApiToken(key: ApiKey, options: MintOptions): Promise<string> {
  return mintToken(apiToken, key, { api: true }, options);
}

/** Throws `token-expired`, or `unauthenticated` with a message that says what is wrong. `expiresAt` in ms. */
export async function verifyApiToken(
  token: string,
  findSecret: FindSecret,
  options?: VerifyOptions,
): Promise<{ keyId: string; expiresAt: number }> {
  const { keyId, expiresAt, payload } = await verifyToken(apiToken, token, findSecret, options);
  if (payload.api !== true) throw refused('the token lacks the claim api');
  return { keyId, expiresAt };
}
