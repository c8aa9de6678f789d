export type BackoffOptions = { firstMs: number; maxMs: number; factor?: number };

/**
 * Delay before retry number `attempt` (1, 2, …): exponential, spread over its upper half, so that clients of a dead node
 * do not come back together. `random` is in [0, 1).
 */
export function backoffMs(attempt: number, options: BackoffOptions, random = Math.random): number {
  const ceiling = Math.min(options.maxMs, options.firstMs * (options.factor ?? 2) ** (attempt - 1));
  return Math.round(ceiling * (0.5 + random() / 2));
}
