type Entry = { dueMs: number; run: Run | undefined };

/** Does its work and answers when it is due again (by `performance.now()`), or undefined when never. */
export type Run = (nowMs: number) => number | undefined;

/** One timer for everything in a process that happens at its own pace: hundreds of timers would cost more than they do. */
export class Schedule {
  readonly #heap: Entry[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerDueMs = Number.POSITIVE_INFINITY;

  /** Calls `run` at `dueMs` and then whenever it asks to be called again, until the returned function is called. */
  start(dueMs: number, run: Run): () => void {
    const entry: Entry = { dueMs, run };
    this.#push(entry);
    this.#arm();
    return () => {
      entry.run = undefined; // It leaves the heap when due.
    };
  }

  get size(): number {
    return this.#heap.length;
  }

  #arm(): void {
    const next = this.#heap[0];
    if (!next || (this.#timer && next.dueMs >= this.#timerDueMs)) return;
    clearTimeout(this.#timer);
    this.#timerDueMs = next.dueMs;
    this.#timer = setTimeout(() => this.#fire(), Math.max(0, next.dueMs - performance.now()));
  }

  #fire(): void {
    this.#timer = undefined;
    this.#timerDueMs = Number.POSITIVE_INFINITY;
    const untilMs = performance.now() + 0.5; // Timers have whole milliseconds: what is nearly due is due.
    for (let entry = this.#heap[0]; entry && entry.dueMs <= untilMs; entry = this.#heap[0]) {
      this.#pop();
      this.#run(entry);
    }
    this.#arm();
  }

  #run(entry: Entry): void {
    if (!entry.run) return;
    try {
      const nowMs = performance.now();
      const next = entry.run(nowMs);
      if (next === undefined || !entry.run) return;
      entry.dueMs = Math.max(next, nowMs + 1);
      this.#push(entry);
    } catch (error) {
      queueMicrotask(() => {
        throw error; // The process reports it; the other entries still run.
      });
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.dueMs <= entry.dueMs) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && heap[child + 1]!.dueMs < heap[child]!.dueMs) child += 1;
      if (heap[child]!.dueMs >= last.dueMs) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

/** The schedule of all peers of this process. */
export const schedule: Schedule = new Schedule();
