import { backoffMs, type Clock, Lifetime } from '@weir/core';
import type { WebRtcTransport } from 'mediasoup/types';

/** On the narrowest lines each trial costs a second of good sound. */
const waits = { firstMs: 10_000, maxMs: 60_000 };
const returnedMs = 100;
/** By then a picture has come. */
const longestMs = 3_000;
/** Of a picture that has come: by then the engine's own probes tell what the line carries. */
const heardMs = 500;
const floorShare = 1.3;
const leastFloorBps = 60_000;

export type TriedTransport = Pick<WebRtcTransport, 'setMinOutgoingBitrate'>;

/**
 * Tries the smallest picture where none flows. The engine's estimate hears of the packets of video only, and its probes go out
 * along with such: without any it stays as low as it was, and a line that has become wide would never be found.
 */
export class LineTrial extends Lifetime {
  readonly #transport: TriedTransport;
  readonly #clock: Clock;
  readonly #begins: () => void;
  #missingBps: number | undefined;
  #trials = 0;
  #returned = false;
  #isTrying = false;
  #cancel: (() => void) | undefined;

  /** `begins`: what was known of the line holds nothing back now. */
  constructor(transport: TriedTransport, clock: Clock, begins: () => void) {
    super();
    this.#transport = transport;
    this.#clock = clock;
    this.#begins = begins;
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
    this.#returned = true;
    if (this.#missingBps !== undefined && !this.#isTrying) this.#wait();
  }

  #after(ms: number, next: () => void): void {
    this.#cancel?.();
    this.#cancel = this.#clock.after(ms, next);
  }

  #wait(): void {
    const ms = this.#returned ? returnedMs : backoffMs(this.#trials + 1, waits);
    this.#returned = false;
    this.#after(ms, () => this.#try());
  }

  #try(): void {
    this.#trials += 1;
    this.#isTrying = true;
    this.#floor(Math.max(leastFloorBps, floorShare * this.#missingBps!));
    this.#begins();
    this.#after(longestMs, () => this.#end());
  }

  #came(): void {
    if (this.#isTrying) this.#after(heardMs, () => this.#end());
    else this.#after(waits.maxMs, () => this.#forget()); // It has stayed.
  }

  #end(): void {
    this.#isTrying = false;
    this.#floor(0);
    if (this.#missingBps !== undefined) this.#wait();
    else this.#came();
  }

  #forget(): void {
    this.#trials = 0;
  }

  #floor(bps: number): void {
    this.#transport.setMinOutgoingBitrate(Math.round(bps)).catch(() => {}); // It has closed.
  }
}
