import type { Publication, RemotePublication, Room } from '@weir/client';
import {
  incomingQuality,
  outgoingQuality,
  type Quality,
  type SteadyQuality,
  type Surroundings,
  steadier,
} from './connection-quality.ts';
import { readingBetween, type StreamCounters, type StreamReading, streamCounters } from './stream-reading.ts';

const lookEveryMs = 2_000;
/** More reports at once would be felt in the page; with more streams each is looked at less often. */
const mostAtOnce = 16;
/** Newly begun streams are not judged: the first second is always rough. */
const warmUpLooks = 2;

type Watched = {
  watchers: number;
  looks: number;
  counters?: StreamCounters;
  reading?: StreamReading;
  quality: SteadyQuality;
};

const known = new WeakMap<Room, QualityMonitor>();
const fine: Quality = { level: 'good' };

/** Looks at the numbers of the streams that somebody watches, and says how they fare. */
export class QualityMonitor {
  readonly #watched = new Map<Publication, Watched>();
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  static of(room: Room): QualityMonitor {
    let monitor = known.get(room);
    if (!monitor) {
      monitor = new QualityMonitor();
      known.set(room, monitor);
    }
    return monitor;
  }

  /** Until the returned function is called. */
  watch(publication: Publication): () => void {
    const watched = this.#watched.get(publication) ?? { watchers: 0, looks: 0, quality: { shown: fine } };
    watched.watchers += 1;
    this.#watched.set(publication, watched);
    this.#timer ??= setTimeout(this.#look, lookEveryMs);
    return () => {
      watched.watchers -= 1;
      if (watched.watchers === 0) this.#watched.delete(publication);
    };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  quality(publication: Publication | undefined): Quality {
    return (publication && this.#watched.get(publication)?.quality.shown) ?? fine;
  }

  /** The newest numbers; undefined before the second look. */
  reading(publication: Publication | undefined): StreamReading | undefined {
    return publication && this.#watched.get(publication)?.reading;
  }

  readonly #look = async (): Promise<void> => {
    const turn = document.visibilityState === 'visible' ? [...this.#watched].slice(0, mostAtOnce) : [];
    await Promise.all(turn.map(([publication, watched]) => this.#read(publication, watched)));
    for (const [publication, watched] of turn) this.#judge(publication, watched);
    for (const [publication, watched] of turn) {
      if (this.#watched.get(publication) !== watched) continue;
      this.#watched.delete(publication); // To the end of the line.
      this.#watched.set(publication, watched);
    }
    for (const listener of [...this.#listeners]) listener();
    this.#timer = this.#watched.size > 0 ? setTimeout(this.#look, lookEveryMs) : undefined;
  };

  async #read(publication: Publication, watched: Watched): Promise<void> {
    const report = await publication.stats().catch(() => undefined); // It closed meanwhile.
    const counters = report && streamCounters(report.entries());
    const reading = watched.counters && counters && readingBetween(watched.counters, counters);
    watched.looks = reading ? watched.looks + 1 : 0;
    // Each a fresh object: React renders when it is another one.
    if (reading) watched.reading = reading;
    else delete watched.reading;
    if (counters) watched.counters = counters;
    else delete watched.counters;
  }

  #judge(publication: Publication, watched: Watched): void {
    const { reading, looks } = watched;
    if (publication.muted) watched.quality = { shown: fine };
    if (publication.muted || !reading || looks < warmUpLooks) return;
    const quality =
      reading.direction === 'out'
        ? outgoingQuality(reading, publication.mediaTrack?.getSettings().height)
        : incomingQuality(reading, this.#surroundings(publication as RemotePublication));
    watched.quality = steadier(watched.quality, quality);
  }

  #surroundings(publication: RemotePublication): Surroundings {
    const { limitedBy, layer, kind, source, participant } = publication;
    const lossy = new Map<string, boolean>();
    for (const [other, { reading }] of this.#watched) {
      const { participantId, isLocal } = other.participant;
      if (isLocal || participantId === participant.participantId || !reading) continue;
      lossy.set(participantId, (lossy.get(participantId) ?? false) || reading.lossRatio > 0.03);
    }
    const suffering = [...lossy.values()].filter(Boolean).length;
    const others = lossy.size === 0 ? 'none' : suffering * 2 >= lossy.size ? 'most' : 'few';
    return {
      limitedBy,
      others,
      stopped: kind === 'video' && limitedBy !== undefined && layer === undefined,
      screen: source === 'screen',
    };
  }
}
