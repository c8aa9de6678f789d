import { type Clock, Emitter, Lifetime, systemClock } from '@weir/core';
import { limits, type ParticipantId, type Source, type TrackId } from '@weir/protocol';
import { isMedia, type Produced } from './engine-words.ts';
import { LayerBitrates } from './layer-bitrates.ts';
import { PublicationDemand } from './publication-demand.ts';
import type { RoomRouter } from './room-router.ts';

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
  /** After how long it is told that less is wanted. */
  lessAfterMs?: number;
};

/** Somebody for whom a publication flows: a subscription, or a pipe to another node. */
export type Subscriber = Lifetime & {
  /** The spatial layer that its publisher should send for it; null: none. */
  readonly wantedLayer: number | null;
  /** The publication was muted or unmuted, or its layers came or went. */
  review(): void;
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
  readonly events = new Emitter<{ muteChanged: [muted: boolean]; retired: [] }>();
  /** Of audio and video. */
  readonly bitrates: LayerBitrates | undefined;
  /** Of video: there is always somebody who listens to audio, the speaker ranking. */
  readonly demand: PublicationDemand | undefined;
  readonly #subscribers = new Set<Subscriber>();
  readonly #clock: Clock;
  #muted: boolean;
  #retired = false;

  constructor(options: PublicationOptions) {
    super();
    const { produced, clock = systemClock, onDemand } = options;
    this.trackId = options.trackId;
    this.participantId = options.participantId;
    this.epoch = options.epoch;
    this.source = options.source;
    this.origin = options.origin;
    this.produced = produced;
    this.#clock = clock;
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
          wanted: () => [...this.#subscribers].map(({ wantedLayer }) => wantedLayer),
          tell: (maxSpatialLayer) => onDemand?.(maxSpatialLayer),
          lessAfterMs: options.lessAfterMs,
        }),
      );
    this.onClose(() => this.produced.close());
  }

  get muted(): boolean {
    return this.#muted;
  }

  /** Calls `listener` once: now, or as soon as it is not muted any more. */
  whenUnmuted(listener: () => void, signal: AbortSignal): void {
    if (this.#muted) this.events.once('muteChanged', () => listener(), signal);
    else listener();
  }

  /** How many it flows for. */
  get subscriberCount(): number {
    return this.#subscribers.size;
  }

  /** There is a newer production of the track: this one goes on for a moment, for those who have not changed over yet. */
  retire(): void {
    if (this.#retired || this.closed) return;
    this.#retired = true;
    this.demand?.close(); // That nobody wants this one any more says nothing of the track.
    this.onClose(this.#clock.after(limits.productionOverlapMs, () => this.close('lost')));
    this.events.emit('retired');
  }

  /** Counts what `subscriber` wants, on whatever worker or node it is, until it closes. */
  subscribe(subscriber: Subscriber): void {
    this.own(subscriber);
    this.#subscribers.add(subscriber);
    subscriber.onClose(() => {
      this.#subscribers.delete(subscriber);
      this.demand?.update();
      this.subscribersChanged(this.#subscribers.size);
    });
    this.demand?.update();
    this.subscribersChanged(this.#subscribers.size);
  }

  /** For kinds that are there on demand only. */
  protected subscribersChanged(_count: number): void {}

  /** Stops or lets flow its packets, for all subscribers everywhere. */
  async setMuted(muted: boolean): Promise<void> {
    if (this.closed || muted === this.#muted) return;
    this.#muted = muted;
    this.events.emit('muteChanged', muted);
    this.#changed();
    await (muted ? this.produced.pause() : this.produced.resume());
  }

  #changed(): void {
    for (const subscriber of this.#subscribers) subscriber.review();
  }
}
