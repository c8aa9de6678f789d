import { Emitter, Lifetime } from '@weir/core';
import type { ParticipantId, Source, TrackId } from '@weir/protocol';
import type { Produced } from './engine-words.ts';
import type { RoomRouter } from './room-router.ts';

export type PublicationOptions = {
  trackId: TrackId;
  participantId: ParticipantId;
  epoch: number;
  source?: Source;
  origin: RoomRouter;
  produced: Produced;
  muted: boolean;
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
  #muted: boolean;

  constructor(options: PublicationOptions) {
    super();
    this.trackId = options.trackId;
    this.participantId = options.participantId;
    this.epoch = options.epoch;
    this.source = options.source;
    this.origin = options.origin;
    this.produced = options.produced;
    this.#muted = options.muted;
    this.onClose(() => this.produced.close());
  }

  get muted(): boolean {
    return this.#muted;
  }

  /** Stops or lets flow its packets, for all subscribers everywhere. */
  async setMuted(muted: boolean): Promise<void> {
    if (this.closed || muted === this.#muted) return;
    this.#muted = muted;
    this.events.emit('muteChanged', muted);
    await (muted ? this.produced.pause() : this.produced.resume());
  }
}
