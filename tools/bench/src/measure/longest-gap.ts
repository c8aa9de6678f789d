/** The longest time without a beat, ms. */
export class LongestGap {
  #beatAt = performance.now();
  #longestMs = 0;

  beat(): void {
    this.#longestMs = this.ms;
    this.#beatAt = performance.now();
  }

  /** The one that has not ended counts, too. */
  get ms(): number {
    return Math.max(this.#longestMs, this.lastMs);
  }

  get lastMs(): number {
    return performance.now() - this.#beatAt;
  }
}
