import { PlatformError, sleep, withDeadline } from '@weir/core';

export type EventuallyOptions = { timeoutMs?: number; intervalMs?: number };

/** What `eventually` resolves with: the first result that is neither falsy nor a reason. */
export type Reached<T> = Exclude<T, string | false | 0 | null | undefined>;

/**
 * Resolves with the first result of `check` that is truthy and no string. A string is the reason why it is not yet so;
 * the last reason (or error thrown by `check`) stands in the `timeout` error.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 5000, intervalMs = 20 }: EventuallyOptions = {},
): Promise<Reached<T>> {
  const endsAt = performance.now() + timeoutMs;
  let reason = 'the check returned nothing true';
  let cause: unknown;
  for (;;) {
    const remainingMs = Math.max(1, endsAt - performance.now());
    try {
      const result = await withDeadline(
        Promise.resolve().then(check),
        remainingMs,
        `the check itself (${reason})`,
      );
      cause = undefined;
      if (typeof result === 'string') reason = result;
      else if (result) return result as Reached<T>;
      else reason = `the check returned ${result}`;
    } catch (error) {
      cause = error;
      reason = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() + intervalMs > endsAt)
      throw new PlatformError('timeout', `not within ${timeoutMs} ms: ${reason}`, { cause });
    await sleep(intervalMs);
  }
}
