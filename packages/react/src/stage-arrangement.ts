/** Everybody's place, by participant id; pages are cut out of it. */
export type StageArrangement = readonly string[];

export type StageMoment = {
  /** Who is large and so has no place; `before`: who was. */
  main?: string | undefined;
  mainBefore?: string | undefined;
  /** Who is not shown but keeps the place. */
  absent?: ReadonlySet<string>;
  speakers: readonly string[];
  /** ms, absent: never. */
  lastSpokeAt: ReadonlyMap<string, number>;
  /** The places that are looked at, the main one not counted. */
  visible: { start: number; end: number };
  /** Never moved to make room: you. */
  fixed?: string | undefined;
};

/**
 * The next arrangement: nobody moves who can stay. Who joins comes last. Where somebody leaves, the others close up while
 * one page holds them all, else the last of all takes the free place. Who becomes large changes places with who was. A
 * speaker who is not seen changes places with the one in sight who is silent for longest.
 */
export function nextArrangement(
  previous: StageArrangement,
  everybody: readonly string[],
  moment: StageMoment,
): StageArrangement {
  const order = seated(previous, everybody, moment.visible);
  const { main, mainBefore } = moment;
  if (main !== mainBefore) exchange(order, main, mainBefore);
  for (const speaker of moment.speakers) {
    const { start, end } = moment.visible;
    const here = shownOf(order, moment);
    const seen = here.slice(start, end);
    if (seen.includes(speaker) || !here.includes(speaker)) continue;
    exchange(order, speaker, quietest(seen, moment));
  }
  return order;
}

/**
 * Who has a tile among the others, in order. The places of those who are absent are filled as if they had left, and theirs
 * again when they are back: the arrangement itself does not change.
 */
export function shownOf(
  arrangement: StageArrangement,
  { main, absent, visible }: Pick<StageMoment, 'main' | 'absent' | 'visible'>,
): StageArrangement {
  const order = arrangement.filter((id) => id !== main);
  if (!absent?.size) return order;
  const here = order.filter((id) => !absent.has(id));
  return seated(order, here, visible);
}

function seated(
  previous: StageArrangement,
  everybody: readonly string[],
  { start, end }: StageMoment['visible'],
): string[] {
  const present = new Set(everybody);
  const order = previous.filter((id) => present.has(id));
  const paged = order.length > end - start;
  if (paged && order.length < previous.length) {
    // From the front: each free place gets the one who is last now.
    order.length = 0;
    const rest = [...previous];
    while (rest.length > 0) {
      const first = rest.shift()!;
      if (present.has(first)) order.push(first);
      else {
        while (rest.length > 0 && !present.has(rest.at(-1)!)) rest.pop();
        const last = rest.pop();
        if (last !== undefined) order.push(last);
      }
    }
  }
  const known = new Set(order);
  return [...order, ...everybody.filter((id) => !known.has(id))];
}

function exchange(order: string[], a: string | undefined, b: string | undefined): void {
  if (a === undefined || b === undefined) return;
  const [placeA, placeB] = [order.indexOf(a), order.indexOf(b)];
  if (placeA < 0 || placeB < 0) return;
  [order[placeA], order[placeB]] = [order[placeB]!, order[placeA]!];
}

function quietest(
  seen: readonly string[],
  { speakers, lastSpokeAt, fixed }: StageMoment,
): string | undefined {
  let quiet: string | undefined;
  let since = Number.POSITIVE_INFINITY;
  for (const id of seen.toReversed()) {
    const spoke = lastSpokeAt.get(id) ?? 0;
    if (id === fixed || speakers.includes(id) || spoke >= since) continue;
    quiet = id;
    since = spoke;
  }
  return quiet;
}
