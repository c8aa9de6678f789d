import { createHmac } from 'node:crypto';
import { type Clock, systemClock } from '@weir/core';

export type TurnCredentials = { username: string; credential: string; expiresAt: number };

/**
 * Short-lived credentials for a TURN server that knows the same secret (draft-uberti-behave-turn-rest-00; coturn's
 * `use-auth-secret`). The server refuses new allocations after `expiresAt` (ms) and keeps those that are there.
 */
export function mintTurnCredentials(
  secret: string,
  user: string,
  { ttlSeconds, clock = systemClock }: { ttlSeconds: number; clock?: Clock },
): TurnCredentials {
  const expirySeconds = Math.floor(clock.now() / 1000) + ttlSeconds;
  const username = `${expirySeconds}:${user}`;
  const credential = createHmac('sha1', secret).update(username).digest('base64');
  return { username, credential, expiresAt: expirySeconds * 1000 };
}
