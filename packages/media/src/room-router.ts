import { Lifetime, type Logger } from '@weir/core';
import type { AudioLevelObserver, DirectTransport, Router } from 'mediasoup/types';
import { mediaCodecs } from './codecs.ts';
import { isMedia, type Produced } from './engine-words.ts';
import type { MediaWorker } from './media-worker.ts';
import { Pipe } from './pipe.ts';
import type { Publication } from './publication.ts';
import { type Level, speakerIntervalMs } from './speaker-ranking.ts';

const speakers = { atMost: 8, thresholdDbov: -60 };

/** A room on one worker: its router, the pipes into it, and the ear on the audio that is produced there. */
export class RoomRouter extends Lifetime {
  readonly worker: MediaWorker;
  readonly router: Router;
  readonly #observer: AudioLevelObserver;
  readonly #logger: Logger;
  readonly #pipes = new Map<Publication, Pipe>();
  readonly #heard = new Map<string, Publication>();
  #direct?: Promise<DirectTransport>;

  /** `onLevels` hears the loudest tracks produced here, each interval in which somebody speaks and once on silence. */
  static async open(
    worker: MediaWorker,
    onLevels: (from: RoomRouter, levels: Level[]) => void,
    logger: Logger,
  ): Promise<RoomRouter> {
    const router = await worker.createRouter({ mediaCodecs });
    try {
      const observer = await router.createAudioLevelObserver({
        maxEntries: speakers.atMost,
        threshold: speakers.thresholdDbov,
        interval: speakerIntervalMs,
      });
      return new RoomRouter(worker, router, observer, onLevels, logger);
    } catch (error) {
      router.close();
      throw error;
    }
  }

  private constructor(
    worker: MediaWorker,
    router: Router,
    observer: AudioLevelObserver,
    onLevels: (from: RoomRouter, levels: Level[]) => void,
    logger: Logger,
  ) {
    super();
    this.worker = worker;
    this.router = router;
    this.#observer = observer;
    this.#logger = logger;
    observer.on('volumes', (volumes) => {
      const levels: Level[] = [];
      for (const { producer, volume } of volumes) {
        const publication = this.#heard.get(producer.id);
        if (publication)
          levels.push({
            trackId: publication.trackId,
            participantId: publication.participantId,
            level: volume,
          });
      }
      onLevels(this, levels);
    });
    observer.on('silence', () => onLevels(this, []));
    this.onClose(() => router.close());
    worker.count('routers', this);
    worker.own(this);
  }

  /** Counts a publication of this router among those that may be heard to speak. */
  listenTo(publication: Publication): void {
    const { produced } = publication;
    if (!isMedia(produced) || produced.kind !== 'audio' || publication.closed) return;
    this.#heard.set(produced.id, publication);
    publication.onClose(() => this.#heard.delete(produced.id));
    publication.whenUnmuted(() => {
      this.#observer.addProducer({ producerId: produced.id }).catch((error) => {
        if (!publication.closed)
          this.#logger.warn({ err: error }, 'a track is not heard by the speaker ranking');
      });
    }, publication.signal);
  }

  /** For packets that are read and written in this process; one for all. */
  direct(): Promise<DirectTransport> {
    this.#direct ??= this.router.createDirectTransport();
    return this.#direct;
  }

  /** The publication as subscribers of this router consume it, until `release`: itself, or by a pipe that they share. */
  bring(publication: Publication): { produced: Promise<Produced>; release: () => void } {
    if (publication.origin === this)
      return { produced: Promise.resolve(publication.produced), release: () => {} };
    let pipe = this.#pipes.get(publication);
    if (!pipe || pipe.closed) {
      pipe = this.#layPipe(publication);
      this.#pipes.set(publication, pipe);
    }
    return { produced: pipe.produced, release: pipe.hold() };
  }

  #layPipe(publication: Publication): Pipe {
    const pipe = new Pipe(publication, this.router);
    this.worker.count('pipes', pipe);
    pipe.onClose(() => {
      if (this.#pipes.get(publication) === pipe) this.#pipes.delete(publication);
    });
    this.own(pipe);
    return publication.own(pipe);
  }
}
