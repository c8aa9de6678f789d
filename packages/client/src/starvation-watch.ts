import { Lifetime } from '@weir/core';
import type { RemotePublication } from './publication.ts';
import { type Entry, entriesOf } from './selected-path.ts';
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
    let entries = await entriesFrom(video.stats());
    const inbound = entries.find(({ type }) => type === 'inbound-rtp');
    if (inbound) {
      const bytes = Number(inbound.bytesReceived ?? 0);
      arrived.videoBytes += bytes;
      // Whole pictures, shown or not, as a busy computer is no narrow line. A page of text takes seconds over one: each part counts.
      const pictures = video.source === 'screen' ? bytes : (inbound.framesReceived ?? inbound.framesDecoded);
      arrived.pictures += Number(pictures ?? 0);
    } else entries = await entriesFrom(video.reception?.connectionStats?.());
    // Firefox counts by pair only.
    for (const { type, bytesReceived } of entries)
      if (type === 'transport' || type === 'candidate-pair') arrived.allBytes += Number(bytesReceived ?? 0);
  };
  await Promise.all(videos.map(count));
  return arrived;
}

async function entriesFrom(report: Promise<RTCStatsReport | undefined> | undefined): Promise<Entry[]> {
  const told = await report;
  return told ? [...entriesOf(told).values()] : [];
}
