import { createHash, timingSafeEqual } from 'node:crypto';
import { verifyApiToken, verifyJoinToken } from '@weir/auth';
import { PlatformError } from '@weir/core';
import type { RoomId } from '@weir/protocol';
import type { KeyRing } from './key-ring.ts';

/** Who calls the API. `moderator`: the holder of a join token with the `admin` grant. */
export type Caller = { kind: 'key'; keyId: string } | { kind: 'moderator'; roomId: RoomId; identity: string };

/** Tells callers by their `Authorization` header. */
export class Callers {
  readonly #keys: KeyRing;

  constructor(keys: KeyRing) {
    this.#keys = keys;
  }

  /** Throws `unauthenticated`, `token-expired`, or `forbidden` for a join token without the `admin` grant. */
  async identify(authorization: string | undefined): Promise<Caller> {
    const [, scheme, credentials] = /^(\w+) +(\S+)$/.exec(authorization ?? '') ?? [];
    switch (scheme?.toLowerCase()) {
      case 'basic':
        return this.#byKey(Buffer.from(credentials!, 'base64').toString());
      case 'bearer':
        return this.#byToken(credentials!);
      default:
        throw new PlatformError(
          'unauthenticated',
          'send an API key (Basic) or a token (Bearer) as Authorization',
        );
    }
  }

  async #byKey(credentials: string): Promise<Caller> {
    const colon = credentials.indexOf(':');
    const keyId = credentials.slice(0, Math.max(0, colon));
    const key = await this.#keys.find(keyId);
    // Compared even for an unknown key, so that keys cannot be told apart by time.
    const matches = equal(key?.secret ?? '', credentials.slice(colon + 1));
    if (!key || !matches) throw new PlatformError('unauthenticated', 'the API key or its secret is wrong');
    return { kind: 'key', keyId };
  }

  async #byToken(token: string): Promise<Caller> {
    const findSecret = async (keyId: string) => (await this.#keys.find(keyId))?.secret;
    if (audienceOf(token) !== 'weir:join') {
      const { keyId } = await verifyApiToken(token, findSecret);
      return { kind: 'key', keyId };
    }
    const { room: roomId, sub: identity, grants } = await verifyJoinToken(token, findSecret);
    if (!grants.admin) throw new PlatformError('forbidden', 'the join token lacks the grant admin');
    return { kind: 'moderator', roomId, identity };
  }
}

/** What the token says to be for: nothing is proved yet. */
function audienceOf(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).aud;
  } catch {
    return undefined;
  }
}

function equal(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
