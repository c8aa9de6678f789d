import { createHash, timingSafeEqual } from 'node:crypto';
import type { Grants, ParticipantId } from '@weir/protocol';

/**
 * A participant's life across reconnects, as the nodes know it; clients never see it.
 * `placed`: the director gave it a seat, no client came yet. `waiting`: in the lobby. `admitted`: out of it, not yet in.
 */
export type Session = {
  participantId: ParticipantId;
  state: 'placed' | 'waiting' | 'admitted' | 'joined';
  /** SHA-256 of the secret that proves the seat, hexadecimal. */
  secretHash: string;
  identity: string;
  displayName: string;
  metadata: string;
  grants: Grants;
  mediaNodeId: string;
  /** It is moving there: it has its media on both for a moment. */
  nextMediaNodeId?: string;
  /** Where its media should be; absent: it does not matter. */
  region?: string;
  /** Its media must be in that region, whatever the room says of itself. */
  pinned?: boolean;
  /** The second node that it is connected to, for the day when the first goes. */
  standbyNodeId?: string;
  createdAt: number;
  /** The node that holds its socket, and how often a socket was attached: the newest wins. */
  signalingNode: string;
  attachments: number;
  /** Since when it is without a socket; null while it has one. */
  awaySince: number | null;
};

export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

export function provesSeat(session: Session, secret: string): boolean {
  return timingSafeEqual(Buffer.from(session.secretHash, 'hex'), Buffer.from(hashSecret(secret), 'hex'));
}
