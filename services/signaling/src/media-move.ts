import type { MovedTrack } from '@weir/cluster';
import { Lifetime, PlatformError } from '@weir/core';
import type { AudioSlot, Calls, MediaNodeContract, MediaSession, Track } from '@weir/protocol';

/** A client that sets its media up on another node, while it still has it on the one before. Closes when it is over. */
export class MediaMove extends Lifetime {
  readonly media: MediaSession;
  readonly calls: Calls<MediaNodeContract>;
  /** That the room has there. */
  readonly audioSlots: AudioSlot[];
  readonly #tracks = new Map<string, MovedTrack>();
  readonly #done = Promise.withResolvers<void>();

  constructor(media: MediaSession, calls: Calls<MediaNodeContract>, audioSlots: AudioSlot[]) {
    super();
    this.media = media;
    this.calls = calls;
    this.audioSlots = audioSlots;
    this.#done.promise.catch(() => {}); // Whoever moves may have given up before.
    this.onClose(() => this.#done.reject(new PlatformError('media-lost', 'the move to another node failed')));
  }

  /** Resolves when the client has said that all flows there; rejects when it closes before. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** What is produced there, and in no log yet. */
  get tracks(): MovedTrack[] {
    return [...this.#tracks.values()];
  }

  produced(track: Track): Track {
    const { trackId, epoch, codec, spatialLayers } = track;
    this.#tracks.set(trackId, { trackId, epoch, codec, spatialLayers });
    return track;
  }

  finished(): void {
    this.#done.resolve();
  }
}
