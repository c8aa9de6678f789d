import { type Clock, Lifetime, type Logger, Turns } from '@weir/core';
import type { TrackId } from '@weir/protocol';
import type { MediaRoom } from './media-room.ts';
import type { Publication } from './publication.ts';

export type FarMicrophonesOptions = {
  room: MediaRoom;
  /** All that the room has, by its log. */
  expected: ReadonlySet<TrackId>;
  clock: Clock;
  logger: Logger;
};

const retryMs = 2_000;
const atOnce = 16;

/** Brings the microphones of other nodes here while it lives: whoever listens through slots asks for none by itself. */
export class FarMicrophones extends Lifetime {
  readonly #options: FarMicrophonesOptions;
  readonly #turns = new Turns(atOnce);
  readonly #coming = new Set<TrackId>();
  #cancelRetry: (() => void) | undefined;

  constructor(options: FarMicrophonesOptions) {
    super();
    this.#options = options;
    this.onClose(() => this.#cancelRetry?.());
    this.gather();
  }

  /** Looks for what is not here yet. */
  gather(): void {
    const { room, expected } = this.#options;
    if (this.closed) return;
    for (const trackId of expected) {
      if (room.publication(trackId) || this.#coming.has(trackId)) continue;
      this.#coming.add(trackId);
      void this.#turns.take(() => this.#bring(trackId)).finally(() => this.#coming.delete(trackId));
    }
  }

  async #bring(trackId: TrackId): Promise<void> {
    const { room, expected, logger } = this.#options;
    const worker = room.anyWorker();
    if (this.closed || !worker || !expected.has(trackId)) return;
    try {
      const microphone: Publication = await room.bring(trackId, worker);
      microphone.onClose(() => this.#again(), this.signal);
      microphone.events.on('retired', () => this.gather(), this.signal);
    } catch (error) {
      logger.debug({ err: error, trackId }, 'a microphone of another node is not here yet');
      this.#again();
    }
  }

  /** It may be produced anew, or its node is not to be reached just now. */
  #again(): void {
    this.#cancelRetry ??= this.#options.clock.after(retryMs, () => {
      this.#cancelRetry = undefined;
      this.gather();
    });
  }
}
