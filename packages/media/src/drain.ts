import { type Clock, Lifetime } from '@weir/core';

/** By then the queues of most lines are empty. */
const drainMs = 400;
/** So long after it the engine has taken up a layer again, where it does. */
const takenUpMs = 800;
const pauseMs = 4_000;

/**
 * A moment in which no picture is sent over a line that has collapsed: its queues empty, and what was lost there is not asked for and sent
 * again and again, in the way of a smaller one. Nobody is told: it is no other state.
 */
export class Drain extends Lifetime {
  readonly #clock: Clock;
  readonly #events: { over(): void; settled(): void };
  #beganAt = Number.NEGATIVE_INFINITY;
  #cancelOver: (() => void) | undefined;
  #cancelSettled: (() => void) | undefined;

  /** `over`: pictures may be sent again; `settled`: what the engine says from now on of what it sends, holds. */
  constructor(clock: Clock, events: { over(): void; settled(): void }) {
    super();
    this.#clock = clock;
    this.#events = events;
    this.onClose(() => {
      this.#cancelOver?.();
      this.#cancelSettled?.();
    });
  }

  /** Once in four seconds: if it did not help, it would not the next time. */
  begin(): void {
    if (this.closed || this.#clock.now() - this.#beganAt < pauseMs) return;
    this.#beganAt = this.#clock.now();
    this.#cancelOver = this.#clock.after(drainMs, () => {
      this.#cancelOver = undefined;
      this.#events.over();
    });
    this.#cancelSettled = this.#clock.after(drainMs + takenUpMs, () => {
      this.#cancelSettled = undefined;
      this.#events.settled();
    });
  }

  /** Nothing is to be sent. */
  get isOn(): boolean {
    return this.#cancelOver !== undefined;
  }

  /** That nothing flows is its own doing, and passes. */
  get isQuiet(): boolean {
    return this.#cancelSettled !== undefined;
  }
}
