/** A shorter absence moves nobody. */
export const absentAfterMs = 5_000;

/** One of the others. `live`: a picture of theirs still moves. */
export type Presence = { id: string; live: boolean };

/** Since when each who is `away` is so, in ms. */
export function awaySince(
  before: ReadonlyMap<string, number>,
  away: readonly string[],
  now: number,
): ReadonlyMap<string, number> {
  return new Map(away.map((id) => [id, before.get(id) ?? now]));
}

/**
 * Who gives up the place on the stage until they are back: who has been away for a while and shows no picture any more.
 * Nobody does when nobody would be left: then that they are away is what there is to see.
 */
export function absentees(
  others: readonly Presence[],
  since: ReadonlyMap<string, number>,
  now: number,
): ReadonlySet<string> {
  const absent = others.filter(({ id, live }) => !live && now - (since.get(id) ?? now) >= absentAfterMs);
  return new Set(absent.length < others.length ? absent.map(({ id }) => id) : []);
}
