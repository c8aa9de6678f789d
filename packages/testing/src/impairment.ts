/** What a network path does to packets. Everything left out is perfect. Rates are probabilities from 0 to 1. */
export type Impairment = {
  /** Independent loss of each packet. */
  lossRate?: number;
  /** Loss in bursts (Gilbert–Elliott), on top of `lossRate`. */
  burstLoss?: {
    /** Probability, at each packet, that a burst begins. */
    enterRate: number;
    /** Probability, at each packet, that the burst ends: its mean length is `1 / leaveRate` packets. */
    leaveRate: number;
    /** Loss inside a burst; 1 when left out. */
    lossRate?: number;
  };
  /** One-way delay. */
  delayMs?: number;
  /** Adds a random time from `-jitterMs` to `+jitterMs`, evenly spread, to the delay. */
  jitterMs?: number;
  /** Jitter does not reorder (default), as on real links; packets then wait for the one before. */
  keepOrder?: boolean;
  /** The bottleneck: packets leave it one after another at this rate, counted without IP and UDP headers. */
  rateBps?: number;
  /** What may wait at the bottleneck; the packet that does not fit is lost. 100 ms' worth when left out. */
  queueBytes?: number;
  /** Probability that a packet is held back by `reorderMs`, so that later ones overtake it. */
  reorderRate?: number;
  /** 20 ms when left out. */
  reorderMs?: number;
  /** Probability that a packet comes twice. */
  duplicateRate?: number;
  /** Times without any packet, in ms since the proxy started. */
  blackouts?: { fromMs: number; toMs: number }[];
};

/** Why packets did not come through. `overflow`: more was under way than the proxy holds. */
export type DropCause = 'loss' | 'queue' | 'blackout' | 'overflow';

export type PathCounters = {
  received: number;
  receivedBytes: number;
  /** Handed on, copies included. */
  forwarded: number;
  forwardedBytes: number;
  duplicated: number;
  reordered: number;
  dropped: Record<DropCause, number>;
};

/** The impairment of one direction, shared by all links through it, with what it did so far. */
export class ImpairedPath {
  impairment: Impairment;
  readonly counters: PathCounters = {
    received: 0,
    receivedBytes: 0,
    forwarded: 0,
    forwardedBytes: 0,
    duplicated: 0,
    reordered: 0,
    dropped: { loss: 0, queue: 0, blackout: 0, overflow: 0 },
  };
  readonly #startedAt: number;
  #blackoutUntil = 0;

  constructor(impairment: Impairment, startedAt: number) {
    this.impairment = impairment;
    this.#startedAt = startedAt;
  }

  blackout(untilMs: number): void {
    this.#blackoutUntil = Math.max(this.#blackoutUntil, untilMs);
  }

  /** When the blackout that `now` lies in ends; `undefined` outside of one. */
  blackoutEnd(now: number): number | undefined {
    if (now < this.#blackoutUntil) return this.#blackoutUntil;
    const sinceStart = now - this.#startedAt;
    const window = this.impairment.blackouts?.find(
      ({ fromMs, toMs }) => fromMs <= sinceStart && sinceStart < toMs,
    );
    return window && this.#startedAt + window.toMs;
  }
}

/** A link's slowest point: what goes in leaves at a fixed rate, behind what came before. */
export class Bottleneck {
  #backlogBytes = 0;
  #at = 0;

  /** When `bytes` that arrive at `now` have left; `undefined` when the queue has no room for them. */
  departure(now: number, bytes: number, { rateBps, queueBytes }: Impairment): number | undefined {
    if (rateBps === undefined) return now;
    const bytesPerMs = rateBps / 8000;
    this.#backlogBytes = Math.max(0, this.#backlogBytes - (now - this.#at) * bytesPerMs);
    this.#at = now;
    // The packet in front is on the wire, not in the queue: even a full-sized one always passes an idle link.
    if (this.#backlogBytes > (queueBytes ?? bytesPerMs * 100)) return undefined;
    this.#backlogBytes += bytes;
    return now + this.#backlogBytes / bytesPerMs;
  }
}
