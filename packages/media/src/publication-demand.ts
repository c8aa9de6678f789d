import { type Clock, Lifetime } from '@weir/core';

/** Somebody who looks away for a moment does not make the sender stop and start. */
const defaultLessAfterMs = 5_000;

/** The highest spatial layer that anybody wants of one publication; null: nobody wants any. */
export class PublicationDemand extends Lifetime {
  readonly #clock: Clock;
  readonly #wanted: () => Iterable<number | null>;
  readonly #tell: (maxSpatialLayer: number | null) => void;
  readonly #lessAfterMs: number;
  #told: number | null;
  #cancel?: () => void;

  /** `top`: the highest layer there is, which is sent as long as nothing else is told. */
  constructor(options: {
    clock: Clock;
    top: number;
    wanted: () => Iterable<number | null>;
    tell: (maxSpatialLayer: number | null) => void;
    lessAfterMs?: number | undefined;
  }) {
    super();
    this.#clock = options.clock;
    this.#told = options.top;
    this.#wanted = options.wanted;
    this.#tell = options.tell;
    this.#lessAfterMs = options.lessAfterMs ?? defaultLessAfterMs;
    this.onClose(() => this.#cancel?.());
    this.update();
  }

  /** What is wanted may have changed: more is told at once, less when it has stayed so. */
  update(): void {
    if (this.closed) return;
    const now = this.#highest();
    if (rank(now) > rank(this.#told)) this.#say(now);
    if (rank(now) >= rank(this.#told)) return;
    this.#cancel ??= this.#clock.after(this.#lessAfterMs, () => {
      this.#cancel = undefined;
      const later = this.#highest();
      if (rank(later) < rank(this.#told)) this.#say(later);
    });
  }

  /** Says it again, to whoever may not have heard. */
  repeat(): void {
    this.#tell(this.#told);
  }

  #say(now: number | null): void {
    this.#told = now;
    this.#tell(now);
  }

  #highest(): number | null {
    let highest = -1;
    for (const layer of this.#wanted()) highest = Math.max(highest, rank(layer));
    return highest < 0 ? null : highest;
  }
}

function rank(layer: number | null): number {
  return layer ?? -1;
}
