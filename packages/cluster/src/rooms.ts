import { type Clock, newId, newSecret, PlatformError, systemClock } from '@weir/core';
import {
  type DataMessage,
  type Grants,
  type LeaveReason,
  limits,
  type Participant,
  type ParticipantId,
  type RoomEvent,
  type RoomId,
  type RoomInfo,
  type RoomSettings,
  type Source,
  type Track,
  type TrackId,
} from '@weir/protocol';
import { type Decide, type Decision, dropUndefined, expecting, roomFull } from './decision.ts';
import * as participants from './participants.ts';
import type { Placed, PlacementWish } from './placement.ts';
import type { RoomChange, RoomLog, RoomRecord } from './room-log.ts';
import { RoomReader, RoomView } from './room-view.ts';
import * as seats from './seats.ts';
import { hashSecret, type Session } from './session.ts';
import * as tracks from './tracks.ts';

type SharedView = { view: RoomView; users: number; stop: () => void };

const conflictRetries = 20;
/** How long a change waits for those before it to be told here. */
const ownChangeMs = 2_000;

/**
 * Rooms on top of their log: each method is one atomic change, or a typed refusal. Every node has one; what several do
 * at once is ordered by the store.
 */
export class Rooms {
  readonly #log: RoomLog;
  readonly #clock: Clock;
  readonly #views = new Map<RoomId, Promise<SharedView | undefined>>();

  constructor(log: RoomLog, clock: Clock = systemClock) {
    this.#log = log;
    this.#clock = clock;
  }

  // ---- reading ----

  /** A live copy of the room, shared within this node, until `signal` aborts. Throws `room-not-found`. */
  async view(roomId: RoomId, signal: AbortSignal): Promise<RoomView> {
    const opening = this.#views.get(roomId) ?? this.#openView(roomId);
    this.#views.set(roomId, opening);
    const forget = () => {
      if (this.#views.get(roomId) === opening) this.#views.delete(roomId);
    };
    const shared = await opening.catch((error) => {
      forget();
      throw error;
    });
    if (!shared || shared.view.closed) {
      forget();
      throw roomNotFound(roomId);
    }
    if (shared.users++ === 0) shared.view.onClose(forget);
    const release = () => {
      shared.users -= 1;
      if (shared.users > 0) return;
      shared.stop();
      forget();
    };
    if (signal.aborted) release();
    else signal.addEventListener('abort', release, { once: true });
    return shared.view;
  }

  async #openView(roomId: RoomId): Promise<SharedView | undefined> {
    const early: RoomRecord[] = [];
    let view: RoomView | undefined;
    let lost = false;
    const followed = await this.#log.follow(
      roomId,
      (record) => {
        if (view) view.apply(record);
        else early.push(record);
      },
      () => {
        lost = true;
        view?.close('lost');
      },
    );
    if (!followed) return undefined;
    view = new RoomView(roomId, followed.state);
    for (const record of early) view.apply(record);
    if (lost) view.close('lost');
    return { view, users: 0, stop: followed.stop };
  }

  /** The room now. Throws `room-not-found`. */
  async read(roomId: RoomId): Promise<RoomReader> {
    const state = await this.#log.read(roomId);
    if (!state?.entries.has('room')) throw roomNotFound(roomId);
    return new RoomReader(state);
  }

  /** The room from this node's live copy where it has one, which may lag a little; else as it is now. Throws `room-not-found`. */
  async glance(roomId: RoomId): Promise<RoomReader> {
    const shared = await this.#views.get(roomId);
    return shared && !shared.view.closed ? shared.view.reader : this.read(roomId);
  }

  list(): Promise<RoomId[]> {
    return this.#log.list();
  }

  // ---- rooms ----

  /** Brings the room to life with these settings, for `lifeMs` at most if given; one that lives keeps its own. */
  async ensureRoom(roomId: RoomId, settings: RoomSettings, lifeMs?: number): Promise<RoomInfo> {
    const createdAt = this.#clock.now();
    const ending = lifeMs === undefined ? {} : { endsAt: createdAt + lifeMs };
    const room: RoomInfo = { roomId, incarnation: newId('inc', 60), createdAt, settings, ...ending };
    const made = await this.#log.commit(roomId, { expect: [{ key: 'room', is: 'absent' }], set: { room } });
    return made.ok ? room : (await this.read(roomId)).room!;
  }

  async updateSettings(roomId: RoomId, settings: Partial<RoomSettings>): Promise<RoomInfo> {
    return this.#change(roomId, (reader) => {
      const room: RoomInfo = {
        ...reader.room!,
        settings: { ...reader.room!.settings, ...dropUndefined(settings) },
      };
      const change: RoomChange = { set: { room }, events: [{ type: 'roomUpdated', room }] };
      return { change: expecting(reader, 'room', change), result: room };
    });
  }

  async endRoom(roomId: RoomId): Promise<void> {
    await this.#change(roomId, () => ({ change: ending(), result: undefined }));
  }

  /** Ends the room if nobody holds a seat in it; answers whether it did. */
  async endIfEmpty(roomId: RoomId): Promise<boolean> {
    return this.#change<boolean>(roomId, ({ sessions }) =>
      [...sessions].length
        ? { result: false }
        : { change: { ...ending(), atMost: { prefix: 'session:', count: 0 } }, result: true },
    );
  }

  // ---- seats ----

  /**
   * A seat for one client, to be claimed within `limits.placementMs`. The secret is kept nowhere else. Throws `room-full`,
   * `removed`. `room`: what the room's home was when the media node was chosen, and what it is to be (by default that
   * node); when it has moved since, the seat goes there.
   */
  async createSeat(
    roomId: RoomId,
    claims: seats.SeatClaims,
    mediaNodeId: string,
    room: { home?: string; homeBefore?: string | undefined } = {},
  ): Promise<{ participantId: ParticipantId; secret: string }> {
    const participantId = newId('p');
    const secret = newSecret();
    const seat = { ...claims, participantId, secretHash: hashSecret(secret), mediaNodeId };
    const { home = mediaNodeId, homeBefore } = room;
    await this.#change(roomId, seats.placeSeat(seat, this.#clock.now(), { home, homeBefore }));
    return { participantId, secret };
  }

  /**
   * Attaches a socket of `signalingNode` to the seat; an older socket loses it. A first claim enters the room or its
   * lobby. Throws `session-unknown`, for a wrong secret too; `room-full`.
   */
  attach(
    roomId: RoomId,
    participantId: ParticipantId,
    secret: string,
    signalingNode: string,
  ): Promise<Session> {
    return this.#change(roomId, seats.attach(participantId, secret, signalingNode, this.#clock.now()));
  }

  /**
   * The seat's media node is gone: the seat goes to the one that is chosen, and the room's home with it if it was there.
   * Who is on other nodes stays. Answers the seat as it is then.
   */
  async rehome(
    roomId: RoomId,
    participantId: ParticipantId,
    gone: string,
    choose: (wish: PlacementWish) => Promise<Placed>,
  ): Promise<Session> {
    const placed = await this.#elsewhere(roomId, participantId, gone, choose);
    return this.#change(roomId, seats.rehome(participantId, gone, placed));
  }

  /**
   * The seat is to leave its media node, which goes on meanwhile: it is on the chosen one as well until `finishMove`. Throws
   * `no-media-node` when there is no other; `conflict` when it is not on `from` any more.
   */
  async beginMove(
    roomId: RoomId,
    participantId: ParticipantId,
    from: string,
    choose: (wish: PlacementWish) => Promise<Placed>,
  ): Promise<Session> {
    const placed = await this.#elsewhere(roomId, participantId, from, choose);
    return this.#change(roomId, seats.beginMove(participantId, from, placed));
  }

  /** Another place for a seat than its media node, in the regions that it may be in. */
  async #elsewhere(
    roomId: RoomId,
    participantId: ParticipantId,
    gone: string,
    choose: (wish: PlacementWish) => Promise<Placed>,
  ): Promise<Placed & { homeBefore: string | undefined }> {
    const reader = await this.glance(roomId);
    const { home: homeBefore, sessions } = reader;
    const hosts = [...sessions].map(({ mediaNodeId }) => mediaNodeId);
    const bounds = boundsOf(reader, participantId);
    const placed = await choose({ home: homeBefore, hosts, avoid: gone, ...bounds });
    return { ...placed, homeBefore };
  }

  /** From now on it is on the node that it moves to, and its tracks are those there: for all others in one moment. */
  finishMove(
    roomId: RoomId,
    participantId: ParticipantId,
    to: string,
    tracks: seats.MovedTrack[],
  ): Promise<Session> {
    return this.#change(roomId, seats.finishMove(participantId, to, tracks));
  }

  /** The seat gets a second node beside its own, that of the others in the room where they have one. */
  async standBy(
    roomId: RoomId,
    participantId: ParticipantId,
    choose: (wish: PlacementWish) => Promise<Placed>,
  ): Promise<Session> {
    const reader = await this.glance(roomId);
    const others = [...reader.sessions].filter((other) => other.participantId !== participantId);
    const hosts = others.flatMap(({ standbyNodeId }) => standbyNodeId ?? []);
    const avoid = reader.session(participantId)?.mediaNodeId;
    const { nodeId } = await choose({ hosts, avoid, ...boundsOf(reader, participantId) });
    return this.#change(roomId, seats.standBy(participantId, nodeId));
  }

  /** The seat has one node only from now on. */
  standAlone(roomId: RoomId, participantId: ParticipantId): Promise<Session> {
    return this.#change(roomId, seats.standBy(participantId, undefined));
  }

  /** From the lobby into the room, once admitted. Throws `wrong-state`, `lobby-refused`, `room-full`. */
  enter(roomId: RoomId, participantId: ParticipantId): Promise<Session> {
    return this.#change(roomId, seats.enter(participantId, this.#clock.now()));
  }

  /** The socket of that attachment is gone. */
  detach(roomId: RoomId, participantId: ParticipantId, attachments: number): Promise<void> {
    return this.#change(roomId, seats.detach(participantId, attachments, this.#clock.now()));
  }

  /** Gives the seat up. Nothing happens when it is gone already. */
  leave(roomId: RoomId, participantId: ParticipantId, reason: LeaveReason): Promise<void> {
    return this.#change(roomId, seats.leave(participantId, reason));
  }

  /** Gives up a seat whose client stayed away too long, unless it came back meanwhile. */
  expire(roomId: RoomId, participantId: ParticipantId, attachments: number): Promise<void> {
    return this.#change(roomId, seats.expire(participantId, attachments));
  }

  admit(roomId: RoomId, participantId: ParticipantId): Promise<void> {
    return this.#change(roomId, seats.admit(participantId));
  }

  refuse(roomId: RoomId, participantId: ParticipantId): Promise<void> {
    return this.#change(roomId, seats.refuse(participantId));
  }

  /** Tokens of that identity from before no longer admit: `createSeat` throws `removed`. */
  removeParticipant(roomId: RoomId, participantId: ParticipantId): Promise<void> {
    return this.#change(roomId, seats.remove(participantId, this.#clock.now()));
  }

  // ---- participants ----

  updateParticipant(
    roomId: RoomId,
    participantId: ParticipantId,
    update: participants.ParticipantUpdate,
  ): Promise<Participant> {
    return this.#change(roomId, participants.updateParticipant(participantId, update));
  }

  /** Tracks that the new grants no longer allow are unpublished in the same step. */
  setGrants(roomId: RoomId, participantId: ParticipantId, grants: Partial<Grants>): Promise<Participant> {
    return this.#change(roomId, participants.setGrants(participantId, grants));
  }

  // ---- tracks ----

  /**
   * The track as it stands, if `trackId` is one, and whether a moderator's mute stands for `source`. Throws unless
   * `participantId` may publish `source` now.
   */
  mayPublish(
    roomId: RoomId,
    participantId: ParticipantId,
    source: Source,
    trackId?: TrackId,
  ): Promise<{ before: Track | undefined; locked: boolean }> {
    return this.#ask(roomId, (reader) => ({
      before: tracks.publishable(reader, participantId, source, trackId),
      locked: tracks.isLocked(reader, participantId, source),
    }));
  }

  /**
   * Publishes, or publishes anew (the epoch grows, a moderator's mute stays). `epoch`: of its production; throws `conflict` when the track has
   * come further meanwhile.
   */
  publish(
    roomId: RoomId,
    participantId: ParticipantId,
    track: tracks.NewTrack,
    epoch?: number,
  ): Promise<Track> {
    return this.#change(roomId, tracks.publish(participantId, track, epoch));
  }

  unpublish(roomId: RoomId, participantId: ParticipantId, trackId: TrackId): Promise<void> {
    return this.#change(roomId, tracks.unpublish(participantId, trackId));
  }

  /** Unpublishes everything of the participant: its client lost it (page reload). */
  unpublishAll(roomId: RoomId, participantId: ParticipantId): Promise<void> {
    return this.#change(roomId, tracks.unpublishAll(participantId));
  }

  /**
   * The owner's own mute, or one for the time that its device gives nothing. Throws `muted-by-moderator` when a moderator's
   * stands.
   */
  setMuted(
    roomId: RoomId,
    participantId: ParticipantId,
    trackId: TrackId,
    muted: boolean,
    by: 'self' | 'device' = 'self',
  ): Promise<Track> {
    return this.#change(roomId, tracks.setMuted(participantId, trackId, muted, by));
  }

  /** A moderator's mute, which the owner cannot undo; lifting it leaves the track muted by its owner. */
  moderateMute(roomId: RoomId, trackId: TrackId, muted: boolean): Promise<Track> {
    return this.#change(roomId, tracks.moderateMute(trackId, muted));
  }

  // ---- data ----

  /** A reliable message: in the room's order, replayed to who resumes. Answers its revision. */
  async sendData(roomId: RoomId, message: Omit<DataMessage, 'sentAt'>): Promise<number> {
    const event: RoomEvent = { type: 'dataReceived', message: { ...message, sentAt: this.#clock.now() } };
    const change: RoomChange = { expect: [{ key: 'room', is: 'present' }], events: [event] };
    const done = await this.#log.commit(roomId, change);
    if (!done.ok) throw roomNotFound(roomId);
    await this.#noteOwn(roomId, done.revision);
    return done.revision;
  }

  // ---- the one way to change ----

  /** Whoever changes the room finds it changed here. */
  async #noteOwn(roomId: RoomId, revision: number): Promise<void> {
    const shared = await this.#views.get(roomId)?.catch(() => undefined);
    await shared?.view.reaches(revision, ownChangeMs);
  }

  /** What a change will look at again: a copy that lags may say yes, and only the room itself no. */
  async #ask<T>(roomId: RoomId, question: (reader: RoomReader) => T): Promise<T> {
    try {
      return question(await this.glance(roomId));
    } catch (error) {
      if (error instanceof PlatformError) return question(await this.read(roomId));
      throw error;
    }
  }

  async #change<T>(roomId: RoomId, decide: Decide<T>): Promise<T> {
    const reader = await this.glance(roomId); // It may lag: the expectations of a change catch that.
    let decision = decideByCopy(reader, decide) ?? decide(await this.read(roomId));
    for (let attempt = 1; decision.change; attempt++) {
      const done = await this.#log.commit(roomId, decision.change);
      if (done.ok) {
        await this.#noteOwn(roomId, done.revision);
        return decision.result;
      }
      if (done.failed === 'participant:')
        throw roomFull(roomId, reader.room?.settings.maxParticipants ?? limits.participantsPerRoom);
      if (attempt >= conflictRetries) throw new PlatformError('conflict', `room ${roomId} changes too fast`);
      decision = decide(await this.read(roomId));
    }
    return decision.result;
  }
}

/** Undefined where a copy that lags must not have the last word: a refusal, and that there is nothing to change. */
function decideByCopy<T>(copy: RoomReader, decide: Decide<T>): Decision<T> | undefined {
  try {
    const decision = decide(copy);
    return decision.change ? decision : undefined;
  } catch (error) {
    if (error instanceof PlatformError) return undefined;
    throw error;
  }
}

/** Where its media should be, or must be. */
function boundsOf(
  reader: RoomReader,
  participantId: ParticipantId,
): Pick<PlacementWish, 'region' | 'pinned'> {
  const session = reader.session(participantId);
  const pin = reader.room?.settings.region; // Absent in a room that an older version made.
  return { region: pin || session?.region, pinned: Boolean(pin || session?.pinned) };
}

function ending(): RoomChange {
  return { expect: [{ key: 'room', is: 'present' }], events: [{ type: 'roomEnded' }], end: true };
}

function roomNotFound(roomId: RoomId): PlatformError {
  return new PlatformError('room-not-found', `there is no room ${roomId}`);
}
