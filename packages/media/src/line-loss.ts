import { type Clock, Lifetime } from '@weir/core';
import type { WebRtcTransport } from 'mediasoup/types';

/** Share of the packets: a line that loses more is too full, or too bad for pictures, … */
const losingFrom = 0.1;
/** … unless it is less than this share of what it was at the look before: the engine's is a mean of the last second or two. */
const easingShare = 0.9;
/** A larger picture that overflows the line's queue has done so by the last of these looks. */
const watch = { everyMs: 200, looks: 8 };

/** How much of what is sent over one transport is lost. */
export class LineLoss extends Lifetime {
  readonly #transport: Pick<WebRtcTransport, 'getStats'>;
  readonly #clock: Clock;
  readonly #overwhelmed: () => void;
  #share = 0;
  #isLosing = false;
  #looksLeft = 0;
  #cancelLook: (() => void) | undefined;

  /** `overwhelmed`: packets are lost, and a larger picture has just begun to flow. */
  constructor(transport: Pick<WebRtcTransport, 'getStats'>, clock: Clock, overwhelmed: () => void) {
    super();
    this.#transport = transport;
    this.#clock = clock;
    this.#overwhelmed = overwhelmed;
    this.onClose(() => this.#cancelLook?.());
  }

  /** As the last look found. */
  get isLosing(): boolean {
    return this.#isLosing;
  }

  async look(): Promise<void> {
    const [stats] = await this.#transport.getStats().catch(() => []); // It has closed.
    if (this.closed || !stats) return;
    const before = this.#share;
    this.#share = stats.rtpPacketLossSent ?? 1;
    this.#isLosing = this.#share >= losingFrom && this.#share >= easingShare * before;
    if (!this.#isLosing || this.#looksLeft === 0) return;
    this.#looksLeft = 0;
    this.#overwhelmed();
  }

  /** Looks often for a moment, as a larger picture has begun to flow. */
  watch(): void {
    this.#looksLeft = watch.looks;
    this.#cancelLook ??= this.#clock.after(watch.everyMs, () => this.#watched());
  }

  /** What was lost is over. */
  forget(): void {
    this.#isLosing = false;
  }

  async #watched(): Promise<void> {
    await this.look();
    this.#cancelLook = undefined;
    this.#looksLeft = Math.max(0, this.#looksLeft - 1);
    if (this.#looksLeft > 0 && !this.closed)
      this.#cancelLook = this.#clock.after(watch.everyMs, () => this.#watched());
  }
}
