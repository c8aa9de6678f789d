import { Lifetime } from '@weir/core';
import type { RemotePublication } from './publication.ts';
import { type Arrived, Starvation } from './starvation.ts';

const lookEveryMs = 1_000;
/** When of so many nothing comes, it is the line. */
const videosAtMost = 3;

export type StarvationEvents = {
  /** Told each second that it lasts. */
  starved(trackIds: string[]): void;
  /** It is starved now, or no longer. */
  changed(publication: RemotePublication): void;
};

/** Sees that a narrow line lets no picture through, which the server cannot see. */
export class StarvationWatch extends Lifetime {
  readonly #starvation = new Starvation();
  readonly #publications: () => Iterable<RemotePublication>;
  readonly #events: StarvationEvents;
  #marked = new Set<RemotePublication>();
  #isLooking = false;

  constructor(publications: () => Iterable<RemotePublication>, events: StarvationEvents) {
    super();
    this.#publications = publications;
    this.#events = events;
    const timer = setInterval(() => void this.#look(), lookEveryMs);
    this.onClose(() => clearInterval(timer));
  }

  get isStarving(): boolean {
    return this.#starvation.isStarving;
  }

  #mark(starved: RemotePublication[]): void {
    const before = this.#marked;
    this.#marked = new Set(starved);
    for (const publication of new Set([...before, ...this.#marked])) {
      const starved = this.#marked.has(publication);
      if (publication.starved === starved) continue;
      publication.starved = starved;
      this.#events.changed(publication);
    }
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const all = [...this.#publications()].filter(shouldCome);
      const videos = all.slice(0, videosAtMost);
      const arrived = await arrivedOf(videos);
      if (this.closed) return;
      this.#starvation.look(arrived);
      this.#mark(this.isStarving ? all.filter(isSteady) : []);
      if (this.#starvation.lasts) this.#events.starved(videos.map(({ trackId }) => trackId));
    } catch {
      // A receiver closed while it was looked at.
    } finally {
      this.#isLooking = false;
    }
  }
}

/** Of a shared screen nothing comes as long as nothing moves. */
function isSteady({ source }: RemotePublication): boolean {
  return source !== 'screen';
}

function shouldCome({ kind, layer, limit, muted, reception }: RemotePublication): boolean {
  const isSent = layer !== undefined || limit === undefined; // Neither: the server's word has not come.
  return kind === 'video' && isSent && !muted && reception?.stats !== undefined;
}

type Inbound = { type: string; bytesReceived?: number; framesReceived?: number; framesDecoded?: number };

async function arrivedOf(videos: RemotePublication[]): Promise<Arrived | undefined> {
  if (videos.length === 0) return undefined;
  const arrived: Arrived = {
    tracks: videos.map(({ trackId }) => trackId).join(),
    pictures: 0,
    videoBytes: 0,
    allBytes: 0,
    told: videos.some(({ layer }) => layer !== undefined),
  };
  const count = async (video: RemotePublication) => {
    const entries = entriesOf(await video.stats());
    const inbound = entries.find(({ type }) => type === 'inbound-rtp');
    const bytes = inbound?.bytesReceived ?? 0;
    const path = inbound ? entries : entriesOf(await video.reception?.connectionStats?.());
    arrived.videoBytes += bytes;
    // A page of text takes seconds over a narrow line: each part of it counts.
    arrived.pictures += video.source === 'screen' ? bytes : picturesOf(inbound);
    arrived.allBytes += bytesOfPath(path);
  };
  await Promise.all(videos.map(count));
  return arrived;
}

/** Whole pictures, shown or not: a busy computer is no narrow line. */
function picturesOf({ framesReceived, framesDecoded }: Partial<Inbound> = {}): number {
  return framesReceived ?? framesDecoded ?? 0;
}

function bytesOfPath(entries: Inbound[]): number {
  // Firefox counts by pair only.
  const paths = entries.filter(({ type }) => type === 'transport' || type === 'candidate-pair');
  return paths.reduce((sum, { bytesReceived = 0 }) => sum + bytesReceived, 0);
}

function entriesOf(report: RTCStatsReport | undefined): Inbound[] {
  const entries: Inbound[] = [];
  report?.forEach((entry: Inbound) => void entries.push(entry));
  return entries;
}
