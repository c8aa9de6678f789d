/** A typed event source. A listener that throws does not stop the others; its error is reported once. */
export class Emitter<Events extends { [K in keyof Events]: unknown[] }> {
  // A set for each type keeps the types apart; the map cannot say so.
  readonly #listeners = new Map<keyof Events, Set<{ listener: unknown }>>();

  /** Calls `listener` on each `type` until the returned function is called or `signal` aborts. */
  on<K extends keyof Events>(
    type: K,
    listener: (...args: Events[K]) => void,
    signal?: AbortSignal,
  ): () => void {
    if (signal?.aborted) return () => {};
    let set = this.#listeners.get(type);
    if (!set) {
      set = new Set();
      this.#listeners.set(type, set);
    }
    const entry = { listener }; // One function may listen twice, and stop listening twice.
    set.add(entry);
    const off = () => {
      set.delete(entry);
      signal?.removeEventListener('abort', off);
    };
    signal?.addEventListener('abort', off, { once: true });
    return off;
  }

  /** Like `on`, for the first time only. */
  once<K extends keyof Events>(
    type: K,
    listener: (...args: Events[K]) => void,
    signal?: AbortSignal,
  ): () => void {
    const off = this.on(
      type,
      (...args) => {
        off();
        listener(...args);
      },
      signal,
    );
    return off;
  }

  emit<K extends keyof Events>(type: K, ...args: Events[K]): void {
    const set = this.#listeners.get(type);
    for (const entry of [...(set ?? [])]) {
      if (!set?.has(entry)) continue; // An earlier listener turned it off.
      try {
        (entry.listener as (...args: Events[K]) => void)(...args);
      } catch (error) {
        queueMicrotask(() => {
          throw error; // The host reports it (window.onerror, uncaughtException); the other listeners still run.
        });
      }
    }
  }

  listenerCount(type: keyof Events): number {
    return this.#listeners.get(type)?.size ?? 0;
  }
}
