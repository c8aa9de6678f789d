import { type Clock, Lifetime, type Logger } from '@weir/core';
import type { ParticipantId, RoomId, TrackId } from '@weir/protocol';
import type { MediaWorker } from './media-worker.ts';
import type { MediaListener, ParticipantSession } from './participant-session.ts';
import type { Publication } from './publication.ts';
import { RoomRouter } from './room-router.ts';
import { RoomSound, type SoundLimits } from './room-sound.ts';
import { SpeakerRanking } from './speaker-ranking.ts';

/** A room on this node, over as many workers as it needs. Closes with its last session. */
export class MediaRoom extends Lifetime {
  readonly roomId: RoomId;
  readonly #logger: Logger;
  readonly #sessions = new Map<ParticipantId, ParticipantSession>();
  readonly #publications = new Map<TrackId, Publication>();
  readonly #places = new Map<MediaWorker, { router: Promise<RoomRouter>; sessions: number }>();
  readonly #speakers: SpeakerRanking;

  /** How its microphones reach those who listen. */
  readonly sound: RoomSound;

  constructor(roomId: RoomId, options: { clock: Clock; logger: Logger; sound: SoundLimits }) {
    super();
    this.roomId = roomId;
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

  isOn(worker: MediaWorker): boolean {
    return this.#places.has(worker);
  }

  session(participantId: ParticipantId): ParticipantSession | undefined {
    return this.#sessions.get(participantId);
  }

  publication(trackId: TrackId): Publication | undefined {
    return this.#publications.get(trackId);
  }

  /** Takes a session in, in place of an earlier one of the same participant, and gives it a router on its worker. */
  enter(session: ParticipantSession): void {
    const { participantId, worker } = session;
    const earlier = this.#sessions.get(participantId);
    this.#sessions.set(participantId, session);
    const place = this.#places.get(worker) ?? this.#openPlace(worker);
    place.sessions++;
    session.onClose(() => {
      if (--place.sessions === 0) this.#closePlace(worker);
      if (this.#sessions.get(participantId) === session) this.#sessions.delete(participantId);
      if (this.#sessions.size === 0) this.close();
    });
    earlier?.close(); // After the new one has come in: the room must not close in between.
  }

  /** The router that a session of this room lives on. */
  async routerFor(session: ParticipantSession): Promise<RoomRouter> {
    session.assertOpen();
    const router = await this.#places.get(session.worker)!.router;
    session.assertOpen();
    return router;
  }

  /** One of its routers; undefined when it has none any more. */
  anyRouter(): Promise<RoomRouter> | undefined {
    return this.#places.values().next().value?.router;
  }

  /** Makes a publication known to the room, in place of an earlier production of the same track. */
  add(publication: Publication): void {
    const { trackId } = publication;
    const earlier = this.#publications.get(trackId);
    this.#publications.set(trackId, publication);
    publication.onClose(() => {
      if (this.#publications.get(trackId) === publication) this.#publications.delete(trackId);
    });
    earlier?.close();
    if (publication.source === 'microphone') this.sound.add(publication);
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
    const place = { router, sessions: 0 };
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
