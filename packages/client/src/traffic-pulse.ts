/** What a look at the traffic tells: `silent` and `alive` once when it changes, `silent` again every second of looks. */
export type Verdict = 'silent' | 'alive' | undefined;

const window = 10;
/** Traffic that is seen at fewer looks of ten is no pulse: its absence means nothing. */
const livelyLooks = 4;
/** So many looks in vain when something came at each; more in proportion when not. */
const silentLooks = 3;

/** Tells from a count of bytes, looked at again and again, when what used to arrive does not any more. */
export class TrafficPulse {
  #bytes: number | undefined;
  /** Whether something had come, at the last looks before the silence. */
  #looks: boolean[] = [];
  #inVain = 0;
  #isSilent = false;

  /** `bytes` may start anew: what is counted is another thing then. */
  look(bytes: number): Verdict {
    const before = this.#bytes;
    this.#bytes = bytes;
    if (before === undefined || bytes < before) {
      this.#looks = [];
      return this.#came();
    }
    if (bytes > before) {
      this.#looks = [...this.#looks, ...Array(this.#inVain).fill(false), true].slice(-window);
      return this.#came();
    }
    this.#inVain += 1;
    const lively = this.#looks.filter(Boolean).length;
    if (this.#looks.length < window || lively < livelyLooks) return undefined;
    const patience = Math.ceil((silentLooks * window) / lively);
    if (this.#inVain < patience || (this.#inVain - patience) % window !== 0) return undefined;
    this.#isSilent = true;
    return 'silent';
  }

  #came(): Verdict {
    const wasSilent = this.#isSilent;
    this.#inVain = 0;
    this.#isSilent = false;
    return wasSilent ? 'alive' : undefined;
  }
}
