/** Who is on a stage that is too small for all, by participant id. */
export type StageSelection = readonly string[];

/**
 * The next selection of at most `capacity`: nobody moves who can stay; free places go to the first who wait; a speaker
 * who is not seen takes the place of the one who is silent for longest. The first of `everybody` (you) stays.
 * `lastSpokeAt` in ms, absent: never.
 */
export function nextSelection(
  previous: StageSelection,
  everybody: readonly string[],
  speakers: readonly string[],
  lastSpokeAt: ReadonlyMap<string, number>,
  capacity: number,
): StageSelection {
  if (everybody.length <= capacity) return everybody;
  const present = new Set(everybody);
  const chosen = [everybody[0]!, ...previous.filter((id) => present.has(id) && id !== everybody[0])];
  chosen.length = Math.min(chosen.length, capacity);
  const seen = new Set(chosen);
  for (const id of everybody) {
    if (chosen.length >= capacity) break;
    if (!seen.has(id)) chosen.push(id);
    seen.add(id);
  }
  for (const speaker of speakers) {
    if (seen.has(speaker) || !present.has(speaker)) continue;
    const place = quietestPlace(chosen, speakers, lastSpokeAt);
    if (place === undefined) break;
    seen.delete(chosen[place]!);
    chosen[place] = speaker;
    seen.add(speaker);
  }
  return chosen;
}

function quietestPlace(
  chosen: StageSelection,
  speakers: readonly string[],
  lastSpokeAt: ReadonlyMap<string, number>,
): number | undefined {
  let quietest: number | undefined;
  let since = Number.POSITIVE_INFINITY;
  for (let place = chosen.length - 1; place > 0; place--) {
    const id = chosen[place]!;
    const spoke = lastSpokeAt.get(id) ?? 0;
    if (speakers.includes(id) || spoke >= since) continue;
    quietest = place;
    since = spoke;
  }
  return quietest;
}
