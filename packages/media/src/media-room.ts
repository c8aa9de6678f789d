import { type Clock, Lifetime, type Logger, PlatformError, sleep } from '@weir/core';
import { isAudioSlotId, type ParticipantId, type RoomId, type TrackId } from '@weir/protocol';
import { EdgePublication } from './edge-publication.ts';
import type { MediaWorker } from './media-worker.ts';
import type { MediaListener, ParticipantSession } from './participant-session.ts';
import type { Publication } from './publication.ts';
import { RoomRouter } from './room-router.ts';
import { RoomSound, type SoundLimits } from './room-sound.ts';
import { SpeakerRanking } from './speaker-ranking.ts';

/** Whoever was taken here produces anew within so long; others of the same request wait no longer for it. */
const expectedWithinMs = 300;

/** Gets a track that another node has, onto a worker of this one. Rejects with `track-not-found`. */
export type FetchTrack = (
  room: MediaRoom,
  trackId: TrackId,
  worker: MediaWorker,
  epoch: number,
) => Promise<Publication>;

/** A room on this node, over as many workers as it needs. Closes with its last session, and the last track for others. */
export class MediaRoom extends Lifetime {
  readonly roomId: RoomId;
  readonly #logger: Logger;
  readonly #sessions = new Map<ParticipantId, ParticipantSession>();
  readonly #publications = new Map<TrackId, Publication>();
  /** Earlier productions, which go on for a moment. */
  readonly #retired = new Set<Publication>();
  readonly #places = new Map<MediaWorker, { router: Promise<RoomRouter>; holders: number }>();
  readonly #fetch: FetchTrack | undefined;
  /** The tracks that are on their way from other nodes. */
  readonly #coming = new Map<TrackId, PromiseWithResolvers<Publication>>();
  readonly #speakers: SpeakerRanking;
  /** Tracks that somebody waits for, as they are to be produced here in a moment. */
  readonly #expected = new Map<TrackId, PromiseWithResolvers<Publication> & { waiting: number }>();
  /** Tracks of other nodes that hang further ones here. */
  #givenOn = 0;

  /** How its microphones reach those who listen. */
  readonly sound: RoomSound;

  /** `fetch`: absent where there are no other nodes. */
  constructor(
    roomId: RoomId,
    options: { clock: Clock; logger: Logger; sound: SoundLimits; fetch?: FetchTrack | undefined },
  ) {
    super();
    this.roomId = roomId;
    this.#fetch = options.fetch;
    this.#logger = options.logger.child({ roomId });
    this.#speakers = this.own(
      new SpeakerRanking(options.clock, (speakers) => {
        for (const [listener, session] of this.#listeners())
          if (listener) session.tell('room.speakers', { roomId, speakers });
      }),
    );
    this.sound = this.own(
      new RoomSound({
        ...options.sound,
        clock: options.clock,
        logger: this.#logger,
        room: this,
        tell: (slots) => {
          for (const [listener, session] of this.#listeners())
            if (listener) session.tell('room.audioSlots', { roomId, slots });
        },
        onLevels: (from, levels) => this.#speakers.update(from, levels),
      }),
    );
    this.onClose(() => {
      for (const session of [...this.#sessions.values()]) session.close();
    });
  }

  get sessions(): Iterable<ParticipantSession> {
    return this.#sessions.values();
  }

  /** There are no other nodes. */
  get isAlone(): boolean {
    return this.#fetch === undefined;
  }

  isOn(worker: MediaWorker): boolean {
    return this.#places.has(worker);
  }

  session(participantId: ParticipantId): ParticipantSession | undefined {
    return this.#sessions.get(participantId);
  }

  publication(trackId: TrackId): Publication | undefined {
    return this.#publications.get(trackId);
  }

  /** All that goes on of a track: its production, and earlier ones for a moment. */
  productions(trackId: TrackId): Publication[] {
    const earlier = [...this.#retired].filter((publication) => publication.trackId === trackId);
    const current = this.#publications.get(trackId);
    return current ? [current, ...earlier] : earlier;
  }

  /** Takes a session in, in place of an earlier one of the same participant, and gives it a router on its worker. */
  enter(session: ParticipantSession): void {
    const { participantId, worker } = session;
    const earlier = this.#sessions.get(participantId);
    this.#sessions.set(participantId, session);
    const release = this.hold(worker);
    session.onClose(() => {
      release();
      if (this.#sessions.get(participantId) === session) this.#sessions.delete(participantId);
      this.#closeUnused();
    });
    earlier?.close(); // After the new one has come in: the room must not close in between.
  }

  /** Keeps the room, which gives a track to another node, until the returned function is called. */
  keep(): () => void {
    this.#givenOn++;
    let kept = true;
    return () => {
      if (!kept) return;
      kept = false;
      this.#givenOn--;
      this.#closeUnused();
    };
  }

  /** Keeps the room on this worker until the returned function is called. */
  hold(worker: MediaWorker): () => void {
    if (this.closed) return () => {};
    const place = this.#places.get(worker) ?? this.#openPlace(worker);
    place.holders++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      if (--place.holders === 0) this.#closePlace(worker);
    };
  }

  /** The router that a session of this room lives on. */
  async routerFor(session: ParticipantSession): Promise<RoomRouter> {
    session.assertOpen();
    const router = await this.#places.get(session.worker)!.router;
    session.assertOpen();
    return router;
  }

  /** The room's router on a worker where it is; rejects with `media-lost` where it is not. */
  async routerOn(worker: MediaWorker): Promise<RoomRouter> {
    const router = await this.#places.get(worker)?.router;
    if (!router) throw new PlatformError('media-lost', `room ${this.roomId} left that worker`);
    return router;
  }

  /** A worker where it is; undefined when it has none any more. */
  anyWorker(): MediaWorker | undefined {
    return this.#places.keys().next().value;
  }

  /** One of its routers; undefined when it has none any more. */
  anyRouter(): Promise<RoomRouter> | undefined {
    return this.#places.values().next().value?.router;
  }

  /** The track, once it has come if it is on its way from another node. */
  async awaited(trackId: TrackId): Promise<Publication | undefined> {
    return this.#publications.get(trackId) ?? this.#coming.get(trackId)?.promise;
  }

  /**
   * The track, once its publisher, who has come here from a node that died, has produced it anew, at this epoch or a later one.
   * Undefined: it is not here in time.
   */
  async expected(trackId: TrackId, epoch = 0): Promise<Publication | undefined> {
    const here = this.#publications.get(trackId);
    if (here && here.epoch >= epoch) return here;
    const expected = this.#expected.get(trackId) ?? { ...Promise.withResolvers<Publication>(), waiting: 0 };
    this.#expected.set(trackId, expected);
    expected.waiting += 1;
    try {
      const come = await Promise.race([expected.promise, sleep(expectedWithinMs, this.signal)]);
      return come && come.epoch >= epoch ? come : undefined;
    } finally {
      expected.waiting -= 1;
      if (expected.waiting === 0 && this.#expected.get(trackId) === expected) this.#expected.delete(trackId);
    }
  }

  /**
   * The track, got from another node if need be, once for all who ask. `epoch`: not of an earlier production than that.
   * Rejects with `track-not-found`.
   */
  async bring(trackId: TrackId, worker: MediaWorker, epoch = 0): Promise<Publication> {
    this.outdate(trackId, epoch);
    const here = this.#publications.get(trackId);
    if (here) return here;
    const coming = this.#coming.get(trackId);
    if (coming) {
      const come = await coming.promise;
      return come.epoch >= epoch ? come : this.bring(trackId, worker, epoch);
    }
    if (!this.#fetch || isAudioSlotId(trackId))
      throw new PlatformError('track-not-found', `no track ${trackId} on this node`);
    const fetching = Promise.withResolvers<Publication>();
    this.#coming.set(trackId, fetching);
    this.#fetch(this, trackId, worker, epoch).then(fetching.resolve, fetching.reject);
    return fetching.promise.finally(() => {
      if (this.#coming.get(trackId) === fetching) this.#coming.delete(trackId);
    });
  }

  /** Nobody waits any more for the track to come from where it was: it is elsewhere now. */
  abandon(trackId: TrackId): void {
    const coming = this.#coming.get(trackId);
    this.#coming.delete(trackId); // First: who asks from now on is not told of this.
    coming?.reject(new PlatformError('media-lost', `track ${trackId} is somewhere else now`));
  }

  /** A production that is older than `epoch` is over, though its end may not have been told: it goes on for a moment. */
  outdate(trackId: TrackId, epoch: number): void {
    const publication = this.#publications.get(trackId);
    if (publication && publication.epoch < epoch) this.#retire(publication);
  }

  /** Makes a publication known to the room, in place of an earlier production of the same track. */
  add(publication: Publication): void {
    const { trackId, epoch } = publication;
    const earlier = this.#publications.get(trackId);
    // Its publisher has come here from another node: whoever has it from there changes over.
    if (earlier instanceof EdgePublication) this.outdate(trackId, epoch);
    this.#publications.set(trackId, publication);
    publication.onClose(() => {
      if (this.#publications.get(trackId) === publication) this.#publications.delete(trackId);
    });
    if (earlier && !this.#retired.has(earlier)) earlier.close();
    this.#coming.get(trackId)?.resolve(publication); // Produced here before it came from where it was.
    this.#expected.get(trackId)?.resolve(publication);
    this.#expected.delete(trackId);
    if (publication.source === 'microphone') this.sound.add(publication);
  }

  #retire(publication: Publication): void {
    const { trackId } = publication;
    if (this.#publications.get(trackId) === publication) this.#publications.delete(trackId);
    this.#retired.add(publication);
    publication.onClose(() => this.#retired.delete(publication));
    publication.retire();
  }

  #closeUnused(): void {
    if (this.#sessions.size === 0 && this.#givenOn === 0) this.close();
  }

  #openPlace(worker: MediaWorker) {
    const router = RoomRouter.open(
      worker,
      (from, levels) => this.#speakers.update(from, this.sound.ranks ? [] : levels),
      this.#logger,
    );
    router.then(
      (opened) => opened.onClose(() => this.#speakers.update(opened, [])),
      () => {}, // Each session that waits for it hears of it by itself.
    );
    const place = { router, holders: 0 };
    this.#places.set(worker, place);
    return place;
  }

  #closePlace(worker: MediaWorker): void {
    const place = this.#places.get(worker);
    this.#places.delete(worker);
    place?.router.then(
      (router) => router.close(),
      () => {},
    );
  }

  /** Each listener once, with one of its sessions here. */
  #listeners(): Map<MediaListener | undefined, ParticipantSession> {
    return new Map([...this.#sessions.values()].map((session) => [session.listener, session]));
  }
}
