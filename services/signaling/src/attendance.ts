import { maySee, type RoomRecord, type RoomView, type Session } from '@weir/cluster';
import { type ErrorCode, Lifetime, PlatformError } from '@weir/core';
import {
  type EncodedNotice,
  encodeNotice,
  type Grants,
  type Joined,
  type ParticipantId,
  type RoomEvent,
  type SignalingClient,
} from '@weir/protocol';
import type { z } from 'zod';
import type { ClientMedia, ClientPeer } from './client-media.ts';
import { MediaHome } from './media-home.ts';
import { type OfferRelays, SeatView } from './seat-view.ts';

type JoinedResult = z.infer<typeof Joined>;

export type AttendanceOptions = Omit<ClientMedia, 'seat'> & {
  room: RoomView;
  session: Session;
  iceServers: OfferRelays;
  renewRelaysEveryMs: number;
};

/** Everybody in a room is told the same: it is put into words once. */
const texts = new WeakMap<RoomEvent, EncodedNotice<SignalingClient>>();

function encoded(revision: number, event: RoomEvent): EncodedNotice<SignalingClient> {
  let text = texts.get(event);
  if (text === undefined) {
    text = encodeNotice<SignalingClient, 'room.event'>('room.event', { revision, event });
    texts.set(event, text);
  }
  return text;
}

/** One client, attached to its seat on this node: what it is told of the room, and what the room does with it. */
export class Attendance extends Lifetime {
  readonly seat: SeatView;
  readonly media: MediaHome;
  readonly #rooms: ClientMedia['rooms'];
  readonly #peer: ClientPeer;
  /** Under which the room keeps its seat. */
  readonly #seatKey: string;
  /** Events up to this revision are known to the client; undefined: it is not in the room yet. */
  #told: number | undefined;
  /** What happens while the answer is being put together; undefined: in the lobby nothing is told at all. */
  #held: { record: RoomRecord; hidden: ReadonlySet<ParticipantId> }[] | undefined;

  constructor({ room, session, iceServers, renewRelaysEveryMs, ...client }: AttendanceOptions) {
    super();
    this.seat = new SeatView(room, session, iceServers);
    this.#rooms = client.rooms;
    this.#peer = client.peer;
    this.#seatKey = `session:${session.participantId}`;
    this.media = this.own(
      new MediaHome({ ...client, seat: this.seat }, (code, message) => this.end(code, message)),
    );
    room.onRecord((record, hidden) => this.#take(record, hidden), this.signal);
    // Until it closes itself: a room may live for months, and its view must not remember everybody.
    room.onClose((reason) => {
      if (reason === 'lost')
        this.#peer.closeWith('going-away'); // It resumes, and gets the room as it is now.
      else this.end('room-ended', 'the room was ended');
    }, this.signal);
    const timer = setInterval(() => this.renewRelays(), renewRelaysEveryMs).unref();
    this.onClose(() => clearInterval(timer));
  }

  get participantId(): ParticipantId {
    return this.seat.participantId;
  }
  get roomId(): string {
    return this.seat.roomId;
  }
  /** Throws `wrong-state` before the client is in the room. */
  get grants(): Grants {
    return this.seat.grants;
  }

  /** From the lobby into the room. */
  async enter(): Promise<JoinedResult> {
    this.seat.session = await this.#rooms.enter(this.roomId, this.participantId);
    return this.joined();
  }

  /** Sets media up anew and answers with the whole room. */
  async joined(): Promise<JoinedResult> {
    this.#held = [];
    const { participantId, mediaPaths } = this.seat;
    const iceServers = this.seat.iceServers();
    if (mediaPaths !== 'any' && iceServers.length === 0)
      throw new PlatformError('no-relay', `no relay for a room with the media paths ${mediaPaths}`);
    const { media, subscriptions, audioSlots = [] } = await this.media.open();
    const snapshot = this.snapshot();
    return { status: 'joined', participantId, snapshot, media, subscriptions, iceServers, audioSlots };
  }

  /** Takes over the running media session; false when that cannot be: media is to be set up anew. */
  async adoptMedia(mediaSessionId: string): Promise<boolean> {
    this.#held = [];
    return this.media.adopt(mediaSessionId).catch(() => false);
  }

  /** Tells them to a client that is in the room. */
  renewRelays(): void {
    if (!this.media.isOpen || this.closed) return;
    const iceServers = this.seat.iceServers({ spare: true });
    if (iceServers.length > 0) this.#peer.notify('session.iceServers', { iceServers });
  }

  /** What the client missed since `revision`, in order; from then on it is told everything. */
  catchUp(
    missed: RoomRecord[],
    revision: number,
  ): { events: { revision: number; event: RoomEvent }[]; revision: number } {
    const events = missed.flatMap((record) => this.#visible(record));
    const last = missed.at(-1)?.revision ?? revision;
    this.#startTelling(last);
    return { events, revision: last };
  }

  snapshot() {
    const snapshot = this.seat.room.reader.snapshot(this.seat);
    this.#startTelling(snapshot.revision);
    return snapshot;
  }

  /** Tells the client why, and closes for good. */
  end(code: ErrorCode, message: string): void {
    if (this.closed) return;
    const peer = this.#peer;
    // Whoever ended the room itself gets the answer first.
    setImmediate(() => {
      peer.notify('session.closed', { code, message });
      peer.closeWith(code);
    });
    this.close('requested');
  }

  // ---- events ----

  #startTelling(revision: number): void {
    this.#told = revision;
    for (const { record, hidden } of this.#held ?? []) this.#tell(record, hidden);
    this.#held = undefined;
  }

  #take(record: RoomRecord, hidden: ReadonlySet<ParticipantId>): void {
    if (this.#told !== undefined) this.#tell(record, hidden);
    else this.#held?.push({ record, hidden });
    this.#obey(record);
  }

  #tell(record: RoomRecord, hidden: ReadonlySet<ParticipantId>): void {
    if (record.revision <= this.#told!) return;
    this.#told = record.revision;
    const { isBusy } = this.seat.room;
    for (const event of record.events)
      if (maySee(this.seat, event, hidden)) this.#peer.notifyEncoded(encoded(record.revision, event), isBusy);
  }

  #visible(record: RoomRecord): { revision: number; event: RoomEvent }[] {
    const { hidden } = this.seat.room;
    return record.events
      .filter((event) => maySee(this.seat, event, hidden))
      .map((event) => ({ revision: record.revision, event }));
  }

  /** What a change means for this seat itself. */
  #obey(record: RoomRecord): void {
    const key = this.#seatKey;
    if (record.delete.includes(key)) return this.#seatGone(record);
    if ('room' in record.set) this.media.roomChanged();
    const changed = record.set[key] as Session | undefined;
    if (!changed) return;
    const before = this.seat.session;
    if (changed.attachments > before.attachments)
      return this.end('session-replaced', 'the session was continued on another connection');
    this.seat.session = changed;
    if (before.state === 'waiting' && changed.state === 'admitted') this.#peer.notify('session.admitted', {});
    this.media.grantsChanged(before.grants, changed.grants);
    if (!before.grants.admin && changed.grants.admin)
      for (const waiting of this.seat.room.reader.lobby)
        this.#peer.notify('room.event', {
          revision: record.revision,
          event: { type: 'lobbyEntered', waiting },
        });
  }

  #seatGone(record: RoomRecord): void {
    for (const event of record.events) {
      if (
        event.type === 'lobbyLeft' &&
        event.participantId === this.participantId &&
        event.outcome === 'refused'
      )
        return this.end('lobby-refused', 'a moderator did not admit you');
      if (event.type !== 'participantLeft' || event.participantId !== this.participantId) continue;
      if (event.reason === 'removed') return this.end('removed', 'a moderator removed you from the room');
      if (event.reason === 'replaced')
        return this.end('session-replaced', 'the same identity joined from somewhere else');
    }
    const peer = this.#peer;
    setImmediate(() => peer.close()); // Its own leaving, which is answered first, or an expiry.
    this.close('requested');
  }
}
