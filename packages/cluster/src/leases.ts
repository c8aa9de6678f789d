export type Lease = { key: string; owner: string; fence: number; expiresAt: number; value: string };

/**
 * Ownership with an end. The fence grows with each new owner of a key and never shrinks, so that a writer which slept
 * through its lease is told apart from the one that took over.
 */
export interface Leases {
  /** Undefined when somebody else holds it. `value`: what others should know of the owner. */
  acquire(key: string, owner: string, ttlMs: number, value?: string): Promise<Lease | undefined>;
  /** False: it was lost; stop acting on it. */
  renew(lease: Lease, ttlMs: number, value?: string): Promise<boolean>;
  release(lease: Lease): Promise<void>;
  get(key: string): Promise<Lease | undefined>;
  /** The live leases whose key starts with `prefix`. */
  list(prefix: string): Promise<Lease[]>;
}
