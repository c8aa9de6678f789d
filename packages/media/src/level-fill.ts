import { costBps, type TrackDemand } from './track-demand.ts';

/**
 * The levels that fit, up to the caps: the lowest of each, then higher ones, class by class, one level at a time, as long as all is no
 * more than `fullBps`.
 */
export function fill(
  videos: readonly TrackDemand[],
  caps: readonly number[],
  budgetBps: number,
  fullBps = budgetBps,
): number[] {
  const levels = videos.map(() => -1);
  let usedBps = 0;
  const raise = (i: number, level: number) => {
    if (level > caps[i]! || levels[i] !== level - 1) return;
    const nextBps = usedBps + costBps(videos[i]!, level) - costBps(videos[i]!, level - 1);
    if (nextBps > usedBps && nextBps > (level === 0 ? budgetBps : fullBps)) return;
    usedBps = nextBps;
    levels[i] = level;
  };
  for (const i of videos.keys()) raise(i, 0);
  for (const members of classes(videos)) {
    const top = Math.max(...members.map((i) => caps[i]!));
    for (let level = 1; level <= top; level++) for (const i of members) raise(i, level);
  }
  return levels;
}

/** Indices of equal priority together, the most important first. */
function classes(videos: readonly TrackDemand[]): number[][] {
  const byPriority = new Map<number, number[]>();
  for (const [i, { priority }] of videos.entries())
    byPriority.set(priority, [...(byPriority.get(priority) ?? []), i]);
  return [...byPriority.values()];
}
