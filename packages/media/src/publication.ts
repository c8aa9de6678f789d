import { Lifetime } from '@weir/core';
import type { ParticipantId, TrackId } from '@weir/protocol';
import type { Produced } from './engine-words.ts';
import type { RoomRouter } from './room-router.ts';

export type PublicationOptions = {
  trackId: TrackId;
  participantId: ParticipantId;
  epoch: number;
  origin: RoomRouter;
  produced: Produced;
  muted: boolean;
};

/** One production of a track. A track that is produced anew gets another; whatever hangs on this one closes with it. */
export class Publication extends Lifetime {
  readonly trackId: TrackId;
  readonly participantId: ParticipantId;
  readonly epoch: number;
  /** The router that it was produced on; subscribers on other workers get it by pipe. */
  readonly origin: RoomRouter;
  readonly produced: Produced;
  #muted: boolean;

  constructor(options: PublicationOptions) {
    super();
    this.trackId = options.trackId;
    this.participantId = options.participantId;
    this.epoch = options.epoch;
    this.origin = options.origin;
    this.produced = options.produced;
    this.#muted = options.muted;
    this.onClose(() => this.produced.close());
  }

  /** Stops or lets flow its packets, for all subscribers everywhere. */
  async setMuted(muted: boolean): Promise<void> {
    if (this.closed || muted === this.#muted) return;
    this.#muted = muted;
    await (muted ? this.produced.pause() : this.produced.resume());
  }
}
