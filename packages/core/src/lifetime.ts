/** Why something closed. `lost`: its other side went away. `failed`: it could not do its job. */
export type CloseReason = 'requested' | 'parent-closed' | 'lost' | 'failed';

/** Something that closes once, children first, and says why. */
export class Lifetime {
  readonly #abort = new AbortController();
  readonly #children = new Set<Lifetime>();
  #reason?: CloseReason;

  /** Aborts when this has closed: hand it to listeners, timers and fetches. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get closed(): boolean {
    return this.#reason !== undefined;
  }

  get closeReason(): CloseReason | undefined {
    return this.#reason;
  }

  close(reason: CloseReason = 'requested'): void {
    if (this.closed) return;
    this.#reason = reason; // Set first, so that a close() from a listener does nothing.
    for (const child of this.#children) child.close('parent-closed');
    this.#children.clear();
    this.#abort.abort(reason);
  }

  /** Runs `cleanup` once, when this closes; at once if it already has; no more once `until` has aborted. */
  onClose(cleanup: (reason: CloseReason) => void, until?: AbortSignal): void {
    if (this.#reason !== undefined) return cleanup(this.#reason);
    const options = until ? { once: true, signal: until } : { once: true };
    this.signal.addEventListener('abort', () => cleanup(this.#reason ?? 'requested'), options);
  }

  /** Closes `child` together with this, before it. */
  own<T extends Lifetime>(child: T): T {
    if (this.closed) child.close('parent-closed'); // It was still being created when we closed.
    if (child.closed) return child;
    this.#children.add(child);
    child.signal.addEventListener('abort', () => this.#children.delete(child), { once: true });
    return child;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
