import { createHmac } from 'node:crypto';
import type { Clock } from '@weir/core';
import type { IceServer, MediaPaths } from '@weir/protocol';
import { mintTurnCredentials } from './turn-credentials.ts';

/** Long enough for what is under way to be renewed in time, short enough that who copies them gains little. */
export const relayCredentialSeconds = 1_800;

/** A relay and those of its addresses that a client may use. */
export type OfferedRelay = { nodeId: string; urls: string[] };

/** The secret of one relay, of the one that all nodes share: who breaks into a relay learns nothing about the others. */
export function relaySecret(shared: string, nodeId: string): string {
  return createHmac('sha256', shared).update(`relay:${nodeId}`).digest('hex');
}

/** Which of a relay's addresses (RFC 7065) a room's policy allows. */
export function relayUrlSuits(paths: MediaPaths): (url: string) => boolean {
  return paths === 'relay-tls-443-only'
    ? (url) => /^turns:(\[[^\]]+\]|[^:?]+):443(\?|$)/.test(url)
    : () => true;
}

/** What a client is told of its relays, with credentials of its own (SG53). */
export function relayServers(
  relays: readonly OfferedRelay[],
  options: { secret: string; participantId: string; ttlSeconds?: number; clock?: Clock },
): IceServer[] {
  const { secret, participantId, ttlSeconds = relayCredentialSeconds, clock } = options;
  return relays.map(({ nodeId, urls }) => {
    const lifetime = { ttlSeconds, ...(clock ? { clock } : {}) };
    const { username, credential } = mintTurnCredentials(
      relaySecret(secret, nodeId),
      participantId,
      lifetime,
    );
    return { urls, username, credential };
  });
}
