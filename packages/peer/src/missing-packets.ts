type Missing = { sinceMs: number; nextMs: number; requests: number };

/** How a receiver asks for what is missing. */
export type MissingOptions = {
  /** Before the first request: a reordered packet may still come. */
  patienceMs: number;
  /** A packet is given up so long after it was missed. */
  giveUpMs: number;
  /** More than so many missing at once are not worth asking for. */
  capacity: number;
};

const defaults: MissingOptions = { patienceMs: 5, giveUpMs: 1000, capacity: 400 };

/** The packets of one stream that are missing, when to ask for them again, and when to give them up. */
export class MissingPackets {
  readonly #options: MissingOptions;
  readonly #missing = new Map<number, Missing>();
  #rttMs = 50;

  constructor(options: Partial<MissingOptions> = {}) {
    this.#options = { ...defaults, ...options };
  }

  get size(): number {
    return this.#missing.size;
  }

  /** As seen between a request and its answer. */
  get rttMs(): number {
    return this.#rttMs;
  }

  /** Adds the extended sequence numbers from `first` to before `end`; false when they are too many: all is given up. */
  add(first: number, end: number, nowMs: number): boolean {
    if (this.#missing.size + end - first > this.#options.capacity) {
      this.#missing.clear();
      return false;
    }
    for (let sequence = first; sequence < end; sequence++) {
      this.#missing.set(sequence, { sinceMs: nowMs, nextMs: nowMs + this.#options.patienceMs, requests: 0 });
    }
    return true;
  }

  /** True when the packet was missing. */
  received(sequence: number, nowMs: number): boolean {
    const missing = this.#missing.get(sequence);
    if (!missing) return false;
    this.#missing.delete(sequence);
    if (missing.requests === 1) {
      const sample = nowMs - (missing.nextMs - this.#retryMs);
      this.#rttMs += (Math.max(1, sample) - this.#rttMs) / 8;
    }
    return true;
  }

  /** What to ask for now, in rising order. */
  takeDue(nowMs: number): number[] {
    const due: number[] = [];
    for (const [sequence, missing] of this.#missing) {
      if (missing.nextMs > nowMs) continue;
      missing.requests += 1;
      missing.nextMs = nowMs + this.#retryMs;
      due.push(sequence);
    }
    return due;
  }

  /** Forgets what is too old; the number after the last such packet, or undefined. */
  giveUp(nowMs: number): number | undefined {
    let end: number | undefined;
    for (const [sequence, missing] of this.#missing) {
      if (nowMs - missing.sinceMs < this.#options.giveUpMs) continue;
      this.#missing.delete(sequence);
      end = sequence + 1;
    }
    return end;
  }

  /** Forgets all before `sequence`. */
  forgetBefore(sequence: number): void {
    for (const missing of this.#missing.keys()) if (missing < sequence) this.#missing.delete(missing);
  }

  get #retryMs(): number {
    return Math.max(20, this.#rttMs * 1.5);
  }
}
