import type { Room, RoomEvents } from '@weir/client';

export type RoomEventType = keyof RoomEvents;

const everyType = Object.keys({
  statusChanged: 0,
  participantJoined: 0,
  participantUpdated: 0,
  participantLeft: 0,
  trackPublished: 0,
  trackUpdated: 0,
  trackUnpublished: 0,
  interruptionChanged: 0,
  trackSubscribed: 0,
  trackUnsubscribed: 0,
  dataReceived: 0,
  sampleReceived: 0,
  lobbyChanged: 0,
  roomUpdated: 0,
  audioSlotsChanged: 0,
  speakersChanged: 0,
  downlinkChanged: 0,
  mediaReset: 0,
  peerConnectionsScarce: 0,
  receivingChanged: 0,
  closed: 0,
} satisfies Record<RoomEventType, 0>) as RoomEventType[];

const known = new WeakMap<Room, RoomRevisions>();

/**
 * Counts a room's events by type from the first look on. The room's objects change in place; the counts tell React when
 * to look at them again, and nothing between a render and its subscription is missed.
 */
export class RoomRevisions {
  readonly #counts = new Map<RoomEventType, number>();

  static of(room: Room): RoomRevisions {
    let revisions = known.get(room);
    if (!revisions) {
      revisions = new RoomRevisions(room);
      known.set(room, revisions);
    }
    return revisions;
  }

  private constructor(room: Room) {
    for (const type of everyType)
      room.events.on(type, () => this.#counts.set(type, (this.#counts.get(type) ?? 0) + 1));
  }

  /** Grows with every event of these types. */
  sum(types: readonly RoomEventType[]): number {
    let sum = 0;
    for (const type of types) sum += this.#counts.get(type) ?? 0;
    return sum;
  }
}
