import { newId } from '@weir/core';

/** What a product's backend signs its tokens with. The id is public, the secret stays on servers. */
export type ApiKey = { id: string; secret: string };

/** The secret of the key, undefined for an unknown or revoked one. */
export type FindSecret = (keyId: string) => Promise<string | undefined>;

/** The secret has 256 random bits, as HS256 asks for (RFC 7518, section 3.2). */
export function newApiKey(): ApiKey {
  return { id: newId('wk', 80), secret: newId('ws', 256) };
}
