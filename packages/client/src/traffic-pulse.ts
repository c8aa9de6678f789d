/** What a look at the traffic tells: `silent` and `alive` once when it changes, `silent` again every second. */
export type Verdict = 'silent' | 'alive' | undefined;

/** How often it is looked at, … */
export const lookEveryMs = 100;
const window = 10;
/** Traffic that is seen at fewer looks of ten is no pulse: its absence means nothing. */
const livelyLooks = 4;
/** So long without anything where something came at each look, … */
const steadyMs = 190;
/** … and so long, in proportion, where not. */
const unsteadyMs = 300;
/** The first where silence is likely: another way than that of the media has just led to the server. */
const likelyMs = 80;
const againMs = 1_000;

/** Tells from a count of bytes, looked at again and again, when what used to arrive does not any more. */
export class TrafficPulse {
  #bytes: number | undefined;
  #cameAt = 0;
  /** The look at which that was seen. */
  #seenAt = 0;
  /** Whether something had come, at the last looks before the silence. */
  #looks: boolean[] = [];
  /** When the silence was told last. */
  #toldAt: number | undefined;
  #missing = false;
  #dueAt: number | undefined;

  /** It came often enough that its absence means something. */
  get isLively(): boolean {
    return this.#looks.length >= window && this.#lively >= livelyLooks;
  }

  get isSilent(): boolean {
    return this.#toldAt !== undefined;
  }

  get #lively(): number {
    return this.#looks.filter(Boolean).length;
  }

  /** What came at every look does not: a silence may have begun, and is to be looked at more often. */
  get isMissing(): boolean {
    return this.#missing;
  }

  /** When a silence that may have begun will be believed, ms; undefined: none, or it is. */
  get dueAt(): number | undefined {
    return this.#missing ? this.#dueAt : undefined;
  }

  /**
   * `bytes` may start anew: what is counted is another thing then. `now` in ms. `isLikely`: that it is silent. `cameAt`: when the last of
   * them came, where that is known; after a sleep the browser's clocks may differ by hours, and that is passed over.
   */
  look(bytes: number, now: number, isLikely = false, cameAt = now): Verdict {
    const before = this.#bytes;
    this.#bytes = bytes;
    if (before === undefined || bytes < before) {
      this.#looks = [];
      return this.#came(now, cameAt);
    }
    if (bytes > before) {
      const missed = Math.min(window, Math.max(0, Math.round((now - this.#seenAt) / lookEveryMs) - 1));
      this.#looks = [...this.#looks, ...Array<boolean>(missed).fill(false), true].slice(-window);
      return this.#came(now, cameAt);
    }
    const silentMs = now - this.#cameAt;
    if (!this.isLively) return undefined;
    const lively = this.#lively;
    this.#missing = lively === window;
    const patienceMs = lively === window ? (isLikely ? likelyMs : steadyMs) : (unsteadyMs * window) / lively;
    this.#dueAt = silentMs < patienceMs ? this.#cameAt + patienceMs : undefined;
    if (silentMs < patienceMs || (this.#toldAt !== undefined && now - this.#toldAt < againMs))
      return undefined;
    this.#toldAt = now;
    return 'silent';
  }

  #came(now: number, at: number): Verdict {
    const wasSilent = this.#toldAt !== undefined;
    const isKnown = at <= now && at >= this.#seenAt - lookEveryMs;
    this.#seenAt = now;
    this.#cameAt = isKnown ? at : now;
    this.#toldAt = undefined;
    this.#missing = false;
    return wasSilent ? 'alive' : undefined;
  }
}
