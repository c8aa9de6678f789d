import { backoffMs, type Clock, Lifetime, PlatformError, systemClock } from '@weir/core';
import type { Interruption } from './publication.ts';

/** What a keeper asks of the publication whose capture it keeps. */
export type KeptCapture = {
  /** The capture gives nothing, and why; undefined: it does again. */
  interrupted(interruption: Interruption | undefined): void;
  /** Opens the device again, or one that may stand in for it. */
  open(): Promise<MediaStreamTrack>;
  replace(track: MediaStreamTrack): Promise<void>;
  /** False while nobody wants it: muted by its owner or a moderator, or taken away. */
  isWanted(): boolean;
};

/** A camera that hiccups is no news. */
const settleMs = 1_000;
const retry = { firstMs: 1_000, maxMs: 30_000 };

/**
 * Watches one capture of a camera or microphone. When it ends or falls silent by itself, says so and tries to get the device
 * back: when something was plugged in, when the page is seen again, and every so often.
 */
export class CaptureKeeper extends Lifetime {
  readonly #track: MediaStreamTrack;
  readonly #capture: KeptCapture;
  readonly #clock: Clock;
  #interruption: Interruption | undefined;
  #attempts = 0;
  #isOpening = false;
  #cancel = () => {};

  constructor(track: MediaStreamTrack, capture: KeptCapture, clock: Clock = systemClock) {
    super();
    this.#track = track;
    this.#capture = capture;
    this.#clock = clock;
    const { signal } = this;
    track.addEventListener('ended', () => this.#lost(), { signal });
    track.addEventListener('mute', () => this.#after(settleMs, () => this.#paused()), { signal });
    track.addEventListener('unmute', () => this.#resumed(), { signal });
    const attempt = () => void this.#attempt();
    globalThis.navigator?.mediaDevices?.addEventListener('devicechange', attempt, { signal });
    globalThis.addEventListener?.('pageshow', attempt, { signal });
    globalThis.document?.addEventListener('visibilitychange', attempt, { signal });
    globalThis.document?.addEventListener('resume', attempt, { signal }); // After a freeze (Page Lifecycle).
    this.onClose(() => this.#cancel());
  }

  #lost(): void {
    this.#interrupt('device-lost');
    void this.#attempt();
  }

  #paused(): void {
    if (!this.#track.muted || this.#track.readyState === 'ended') return;
    this.#interrupt('device-paused');
    this.#retryLater();
  }

  #resumed(): void {
    if (this.#track.readyState === 'ended') return;
    this.#cancel();
    this.#interrupt(undefined);
  }

  #interrupt(interruption: Interruption | undefined): void {
    if (this.closed || interruption === this.#interruption) return;
    this.#attempts = 0;
    this.#interruption = interruption;
    this.#capture.interrupted(interruption);
  }

  /** One at a time, and not behind a hidden page: systems refuse it there, and it would ask for permission unseen. */
  async #attempt(): Promise<void> {
    if (!this.#interruption || this.#isOpening || this.closed || globalThis.document?.hidden) return;
    if (!this.#capture.isWanted()) return this.#retryLater();
    this.#isOpening = true;
    try {
      const track = await this.#capture.open();
      if (this.#isUseful(track)) await this.#replace(track);
      else track.stop();
    } catch (error) {
      // Anything else: it is not there yet. Who took the permission away is not asked again and again.
      if (PlatformError.from(error).code === 'device-permission-denied') this.close();
    } finally {
      this.#isOpening = false;
      this.#retryLater();
    }
  }

  #isUseful(track: MediaStreamTrack): boolean {
    return !this.closed && this.#interruption !== undefined && !track.muted && this.#capture.isWanted();
  }

  async #replace(track: MediaStreamTrack): Promise<void> {
    this.close(); // Another one watches the new track.
    await this.#capture.replace(track);
    this.#track.stop();
  }

  #retryLater(): void {
    if (this.closed || !this.#interruption) return;
    this.#attempts += 1;
    this.#after(backoffMs(this.#attempts, retry), () => void this.#attempt());
  }

  #after(ms: number, work: () => void): void {
    this.#cancel();
    if (!this.closed) this.#cancel = this.#clock.after(ms, work);
  }
}
