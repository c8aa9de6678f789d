import { type Clock, Emitter, Lifetime, systemClock } from '@weir/core';
import type { ParticipantId, Source, TrackId } from '@weir/protocol';
import { isMedia, type Produced } from './engine-words.ts';
import { LayerBitrates } from './layer-bitrates.ts';
import { PublicationDemand } from './publication-demand.ts';
import type { RoomRouter } from './room-router.ts';
import type { TrackSubscription } from './track-subscription.ts';

export type PublicationOptions = {
  trackId: TrackId;
  participantId: ParticipantId;
  epoch: number;
  source?: Source;
  origin: RoomRouter;
  produced: Produced;
  muted: boolean;
  clock?: Clock;
  /** Tells the publisher which layers anybody wants. */
  onDemand?: (maxSpatialLayer: number | null) => void;
};

/** One production of a track. A track that is produced anew gets another; whatever hangs on this one closes with it. */
export class Publication extends Lifetime {
  readonly trackId: TrackId;
  readonly participantId: ParticipantId;
  readonly epoch: number;
  /** Undefined where it is not known, and of an audio slot. */
  readonly source: Source | undefined;
  /** The router that it was produced on; subscribers on other workers get it by pipe. */
  readonly origin: RoomRouter;
  readonly produced: Produced;
  readonly events = new Emitter<{ muteChanged: [muted: boolean] }>();
  /** Of audio and video. */
  readonly bitrates: LayerBitrates | undefined;
  /** Of video: there is always somebody who listens to audio, the speaker ranking. */
  readonly demand: PublicationDemand | undefined;
  readonly #subscriptions = new Set<TrackSubscription>();
  #muted: boolean;

  constructor(options: PublicationOptions) {
    super();
    const { produced, clock = systemClock, onDemand } = options;
    this.trackId = options.trackId;
    this.participantId = options.participantId;
    this.epoch = options.epoch;
    this.source = options.source;
    this.origin = options.origin;
    this.produced = produced;
    this.#muted = options.muted;
    if (isMedia(produced)) {
      this.bitrates = this.own(new LayerBitrates(produced, clock));
      produced.on('score', () => this.#changed());
    }
    if (isMedia(produced) && produced.kind === 'video')
      this.demand = this.own(
        new PublicationDemand({
          clock,
          top: this.bitrates!.levels.at(-1)!.spatialLayer,
          wanted: () => [...this.#subscriptions].map(({ wantedLayer }) => wantedLayer),
          tell: (maxSpatialLayer) => onDemand?.(maxSpatialLayer),
        }),
      );
    this.onClose(() => this.produced.close());
  }

  get muted(): boolean {
    return this.#muted;
  }

  /** Counts what `subscription` wants, on whatever worker it is, until it closes. */
  subscribe(subscription: TrackSubscription): void {
    this.own(subscription);
    this.#subscriptions.add(subscription);
    subscription.onClose(() => {
      this.#subscriptions.delete(subscription);
      this.demand?.update();
    });
    this.demand?.update();
  }

  /** Stops or lets flow its packets, for all subscribers everywhere. */
  async setMuted(muted: boolean): Promise<void> {
    if (this.closed || muted === this.#muted) return;
    this.#muted = muted;
    this.events.emit('muteChanged', muted);
    this.#changed();
    await (muted ? this.produced.pause() : this.produced.resume());
  }

  #changed(): void {
    for (const subscription of this.#subscriptions) subscription.review();
  }
}
