/** A shorter absence moves nobody. */
export const absentAfterMs = 5_000;

/** Since when each of the `missing` is so, in ms. */
export function missingSince(
  before: ReadonlyMap<string, number>,
  missing: readonly string[],
  now: number,
): ReadonlyMap<string, number> {
  return new Map(missing.map((id) => [id, before.get(id) ?? now]));
}

/**
 * Who of the others gives up the place on the stage until they are back: who has been missing for a while. Nobody does when
 * nobody would be left: then that they are missing is what there is to see.
 */
export function absentees(
  others: readonly string[],
  since: ReadonlyMap<string, number>,
  now: number,
): ReadonlySet<string> {
  const absent = others.filter((id) => now - (since.get(id) ?? now) >= absentAfterMs);
  return new Set(absent.length < others.length ? absent : []);
}
