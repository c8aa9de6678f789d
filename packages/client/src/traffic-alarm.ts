import type { Verdict } from './traffic-pulse.ts';

/** After a false alarm traffic may pause for so long before there is another; twice as long after each further one. */
const calmMs = 5_000;
const maxCalmMs = 120_000;

/** Passes on that traffic has ceased, and that it is back; seldom where that means nothing. */
export class TrafficAlarm {
  #calmUntil = 0;
  #calmMs = calmMs;
  #isOn = false;
  #isRight = false;

  /** The next silence counts, however short the time since the last alarm. */
  arm(): void {
    this.#calmUntil = 0;
  }

  /** It was no false alarm: traffic may cease for the same reason again. */
  confirm(): void {
    this.#isRight = true;
    this.#calmUntil = 0;
    this.#calmMs = calmMs;
  }

  /** `now` in ms. */
  hear(verdict: Verdict, now: number): Verdict {
    if (verdict === 'alive') {
      if (this.#isOn && !this.#isRight) {
        this.#calmUntil = now + this.#calmMs;
        this.#calmMs = Math.min(maxCalmMs, 2 * this.#calmMs);
      }
      this.#isOn = this.#isRight = false;
    } else if (verdict === 'silent') {
      if (!this.#isOn && now < this.#calmUntil) return undefined;
      if (now > this.#calmUntil + maxCalmMs) this.#calmMs = calmMs;
      this.#isOn = true;
    }
    return verdict;
  }
}
