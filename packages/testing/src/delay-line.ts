import type { Clock } from '@weir/core';

type Entry<T> = { dueAt: number; order: number; item: T };

/** A timer of Node fires at whole milliseconds: half of one early is as good as half of one late. */
const toleranceMs = 0.5;

/** Time with fractions of a millisecond, for delays that must come out exact on average. */
export const preciseClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};

/** Hands each item on when it is due, in order of due time and then of entry. One timer serves them all. */
export class DelayLine<T> {
  readonly #clock: Clock;
  readonly #deliver: (item: T) => void;
  readonly #heap: Entry<T>[] = [];
  #order = 0;
  #armedFor = Number.POSITIVE_INFINITY;
  #disarm?: () => void;
  #draining = false;

  constructor(clock: Clock, deliver: (item: T) => void) {
    this.#clock = clock;
    this.#deliver = deliver;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** What is due already is delivered before this returns. */
  push(dueAt: number, item: T): void {
    siftUp(this.#heap, { dueAt, order: this.#order++, item });
    if (!this.#draining) this.#drain();
  }

  /** Forgets all that waits. */
  clear(): void {
    this.#heap.length = 0;
    this.#rearm();
  }

  #drain(): void {
    this.#draining = true;
    try {
      const until = this.#clock.now() + toleranceMs;
      while (this.#heap.length > 0 && this.#heap[0]!.dueAt <= until) this.#deliver(pop(this.#heap).item);
    } finally {
      this.#draining = false;
      this.#rearm();
    }
  }

  #rearm(): void {
    const next = this.#heap[0]?.dueAt ?? Number.POSITIVE_INFINITY;
    if (next === this.#armedFor) return;
    this.#disarm?.();
    this.#disarm = undefined;
    this.#armedFor = next;
    if (next === Number.POSITIVE_INFINITY) return;
    this.#disarm = this.#clock.after(Math.max(0, next - this.#clock.now()), () => {
      this.#armedFor = Number.POSITIVE_INFINITY;
      this.#drain();
    });
  }
}

function before<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.order < b.order);
}

function siftUp<T>(heap: Entry<T>[], entry: Entry<T>): void {
  let index = heap.length;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!before(entry, heap[parent]!)) break;
    heap[index] = heap[parent]!;
    index = parent;
  }
  heap[index] = entry;
}

function pop<T>(heap: Entry<T>[]): Entry<T> {
  const first = heap[0]!;
  const last = heap.pop()!;
  if (heap.length === 0) return first;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
    if (!before(heap[child]!, last)) break;
    heap[index] = heap[child]!;
    index = child;
  }
  heap[index] = last;
  return first;
}
