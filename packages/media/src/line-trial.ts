import { backoffMs, type Clock, Lifetime } from '@weir/core';
import type { WebRtcTransport } from 'mediasoup/types';

/** On the narrowest lines each trial costs a second of good sound. */
const waits = { firstMs: 5_000, maxMs: 60_000 };
const returnedMs = 100;
/** So long after a return it is the return that a picture is missing for. */
const returnMatterMs = 5_000;
/** By then a picture has come. */
const longestMs = 3_000;
const longestReturnMs = 1_000;
/** Of a picture that has come: by then the engine's own probes tell what the line carries. */
const heardMs = 500;
/** What a layer costs is known roughly only; what flows is the smallest all the same. */
const floorShare = 2;
const leastFloorBps = 200_000;

export type TriedTransport = Pick<WebRtcTransport, 'getStats'>;

export type TrialEvents = {
  /** The engine shall take the line to carry at least so much, bits a second; 0: what it estimates. */
  floor(bps: number): void;
  /** What was known of the line holds nothing back now. */
  begins(floorBps: number): void;
  /**
   * After an absence not even the smallest picture came, and the engine still estimates nothing. It passes over an estimate that
   * is the one it began with, also when it has to replace the nothing of the absence: no picture comes over this transport ever
   * again.
   */
  stuck(): void;
};

/**
 * Tries the smallest picture where none flows. The engine's estimate hears of the packets of video only, and its probes go out
 * along with such: without any it stays as low as it was, and a line that has become wide would never be found.
 */
export class LineTrial extends Lifetime {
  readonly #transport: TriedTransport;
  readonly #clock: Clock;
  readonly #events: TrialEvents;
  #missingBps: number | undefined;
  #trials = 0;
  #returnedAt = Number.NEGATIVE_INFINITY;
  #isTrying = false;
  #cancel: (() => void) | undefined;

  constructor(transport: TriedTransport, clock: Clock, events: TrialEvents) {
    super();
    this.#transport = transport;
    this.#clock = clock;
    this.#events = events;
    this.onClose(() => this.#cancel?.());
  }

  /** What the smallest picture costs that should flow, bits a second; undefined when one flows, or none should. */
  update(missingBps: number | undefined): void {
    if (this.closed) return;
    const was = this.#missingBps;
    this.#missingBps = missingBps;
    if (missingBps === undefined && was !== undefined) this.#came();
    else if (missingBps !== undefined && was === undefined && !this.#isTrying) this.#wait();
  }

  /** The path has just come back: the line may be another one. */
  returned(): void {
    this.#trials = 0;
    this.#returnedAt = this.#clock.now();
    if (this.#missingBps !== undefined && !this.#isTrying) this.#wait();
  }

  #after(ms: number, next: () => void): void {
    this.#cancel?.();
    this.#cancel = this.#clock.after(ms, next);
  }

  #wait(): void {
    const hasReturned = this.#clock.now() - this.#returnedAt < returnMatterMs;
    this.#returnedAt = Number.NEGATIVE_INFINITY;
    this.#after(hasReturned ? returnedMs : backoffMs(this.#trials + 1, waits), () => this.#try(hasReturned));
  }

  #try(hasReturned: boolean): void {
    this.#trials += 1;
    this.#isTrying = true;
    const floorBps = Math.max(leastFloorBps, floorShare * this.#missingBps!);
    this.#events.floor(floorBps);
    this.#events.begins(floorBps);
    if (hasReturned) this.#after(longestReturnMs, () => this.#endOfReturn());
    else this.#after(longestMs, () => this.#end());
  }

  #came(): void {
    if (this.#isTrying) this.#after(heardMs, () => this.#end());
    else this.#after(waits.maxMs, () => this.#forget()); // It has stayed.
  }

  #endOfReturn(): void {
    const isMissing = this.#missingBps !== undefined;
    this.#end();
    if (!isMissing) return;
    this.#estimatesNothing().then(
      (nothing) => nothing && !this.closed && this.#events.stuck(),
      () => {}, // It has closed.
    );
  }

  async #estimatesNothing(): Promise<boolean> {
    const [stats] = await this.#transport.getStats();
    return !stats?.availableOutgoingBitrate;
  }

  #end(): void {
    this.#isTrying = false;
    this.#events.floor(0);
    if (this.#missingBps !== undefined) this.#wait();
    else this.#came();
  }

  #forget(): void {
    this.#trials = 0;
  }
}
