import { Lifetime } from '@weir/core';
import type { RemotePublication } from './publication.ts';
import { type Arrived, Starvation } from './starvation.ts';

const lookEveryMs = 1_000;
/** When of so many nothing comes, it is the line. */
const videosAtMost = 3;

/** Sees that a narrow line lets no picture through, which the server cannot see. */
export class StarvationWatch extends Lifetime {
  readonly #starvation = new Starvation();
  readonly #publications: () => Iterable<RemotePublication>;
  readonly #starved: (trackIds: string[]) => void;
  #isLooking = false;

  /** `starved` is told each second that it lasts. */
  constructor(publications: () => Iterable<RemotePublication>, starved: (trackIds: string[]) => void) {
    super();
    this.#publications = publications;
    this.#starved = starved;
    const timer = setInterval(() => void this.#look(), lookEveryMs);
    this.onClose(() => clearInterval(timer));
  }

  get isStarving(): boolean {
    return this.#starvation.isStarving;
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const videos = [...this.#publications()].filter(shouldCome).slice(0, videosAtMost);
      const arrived = await arrivedOf(videos);
      if (this.closed) return;
      this.#starvation.look(arrived);
      if (this.isStarving) this.#starved(videos.map(({ trackId }) => trackId));
    } catch {
      // A receiver closed while it was looked at.
    } finally {
      this.#isLooking = false;
    }
  }
}

function shouldCome({ kind, layer, muted, reception }: RemotePublication): boolean {
  return kind === 'video' && layer !== undefined && !muted && reception?.stats !== undefined;
}

async function arrivedOf(videos: RemotePublication[]): Promise<Arrived | undefined> {
  if (videos.length === 0) return undefined;
  const arrived = { tracks: videos.map(({ trackId }) => trackId).join(), videoBytes: 0, allBytes: 0 };
  for (const report of await Promise.all(videos.map((video) => video.stats())))
    report?.forEach((entry: { type: string; bytesReceived?: number }) => {
      const bytes = entry.bytesReceived ?? 0;
      if (entry.type === 'inbound-rtp') arrived.videoBytes += bytes;
      // Firefox counts by pair only.
      if (entry.type === 'transport' || entry.type === 'candidate-pair') arrived.allBytes += bytes;
    });
  return arrived;
}
