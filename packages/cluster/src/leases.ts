/** `value`: what others should know of the owner. Times in ms since the epoch, by the store's clock. */
export type Lease = { key: string; owner: string; fence: number; expiresAt: number; value: string };

/**
 * Ownership with an end. A key's fence grows with each new tenure and never shrinks, so that a writer which slept
 * through its lease is told apart from the one that took over. A tenure goes from an `acquire` of a free key to its
 * release or the moment `expiresAt`; one that was seen to be over never comes back, whatever the clock does.
 */
export interface Leases {
  /**
   * Undefined when somebody else holds it. Its holder may acquire it again: the same tenure and fence, with the new end
   * and value.
   */
  acquire(key: string, owner: string, ttlMs: number, value?: string): Promise<Lease | undefined>;
  /** Ends it `ttlMs` from now; keeps its value without a new one. False: it was lost; stop acting on it. */
  renew(lease: Lease, ttlMs: number, value?: string): Promise<boolean>;
  /** Does nothing when it was lost. */
  release(lease: Lease): Promise<void>;
  /** The live lease of this key. */
  get(key: string): Promise<Lease | undefined>;
  /** The live leases whose key starts with `prefix`. */
  list(prefix: string): Promise<Lease[]>;
}
