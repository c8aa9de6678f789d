import type { Clock } from '@weir/core';

type Timer = { dueAt: number; order: number; fn: () => void };

const maxTimersPerAdvance = 100_000;

/** A clock that moves only when told to. */
export class FakeClock implements Clock {
  readonly #timers = new Set<Timer>();
  #now: number;
  #order = 0;

  constructor(startsAt = Date.UTC(2030, 0, 1)) {
    this.#now = startsAt;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { dueAt: this.#now + Math.max(0, ms), order: this.#order++, fn };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#timers.size;
  }

  /**
   * Moves time on by `ms`, running what falls due in order, each at its own time. What a timer's function starts
   * (promises, further timers) is settled before the next one runs.
   */
  async advance(ms: number): Promise<void> {
    const endsAt = this.#now + ms;
    await settle();
    for (let ran = 0; ; ran++) {
      const next = this.#next();
      if (!next || next.dueAt > endsAt) break;
      if (ran === maxTimersPerAdvance)
        throw new Error(`more than ${ran} timers ran in one advance(${ms}): do they start each other?`);
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.dueAt);
      next.fn();
      await settle();
    }
    this.#now = endsAt;
  }

  #next(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers)
      if (!first || timer.dueAt < first.dueAt || (timer.dueAt === first.dueAt && timer.order < first.order))
        first = timer;
    return first;
  }
}

/** An immediate comes after all microtasks, however long their chain. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
