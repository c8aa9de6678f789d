/** What the number of nodes of one region is judged by. */
export type ScaleSignals = {
  /** Nodes that take people. */
  working: number;
  /** Nodes that were asked for and are not there yet. */
  coming: number;
  /** Of all working nodes the shares of their scarcest resource, added up: 2.5 are two nodes and a half, filled. */
  load: number;
};

export type ScalePolicy = {
  atLeast: number;
  atMost: number;
  /** How full a node is meant to be, on average: what is left is for bursts, and for the people of one that dies. */
  target: number;
  /** Below this average there are too many. */
  lowBelow: number;
  /** Between two times that nodes are started, … */
  upEveryMs: number;
  /** … and how long the load must have been low before any is taken away, and after any change. */
  downAfterMs: number;
};

export const defaultScalePolicy: ScalePolicy = {
  atLeast: 1,
  atMost: 100,
  target: 0.5,
  lowBelow: 0.3,
  upEveryMs: 15_000,
  downAfterMs: 300_000,
};

export type ScaleState = {
  changedAt: number;
  lowSince: number | undefined;
  /** The load as it was looked at last: how it grows. */
  before: { at: number; load: number } | undefined;
};

export const freshScale: ScaleState = {
  changedAt: Number.NEGATIVE_INFINITY,
  lowSince: undefined,
  before: undefined,
};

/** So far ahead growth is followed: about as long as a node takes to come. */
const lookAheadMs = 60_000;
/** At most so many of all at once are taken away. */
const downShare = 0.1;

/**
 * How many nodes there should be: enough for the load, and for what it becomes while they start; fewer only when it has been low
 * for long, few at a time. Pure.
 */
export function desiredNodes(
  signals: ScaleSignals,
  state: ScaleState,
  policy: ScalePolicy,
  now: number,
): { desired: number; state: ScaleState; reason: string } {
  const { working, coming, load } = signals;
  const { atLeast, atMost, target } = policy;
  const there = working + coming;
  const growth = growthPerMs(state.before, load, now);
  const needed = Math.ceil((load + Math.max(0, growth) * lookAheadMs) / target);
  const wanted = Math.min(atMost, Math.max(atLeast, needed));
  const isLow = wanted < there && load < there * policy.lowBelow;
  const lowSince = isLow ? (state.lowSince ?? now) : undefined;
  const next: ScaleState = { ...state, lowSince, before: { at: now, load } };
  const percent = `${Math.round((100 * load) / Math.max(1, working))} % of ${working} nodes in use`;

  if (there < atLeast) return change(atLeast, next, now, `at least ${atLeast}`);
  if (there > atMost) return change(atMost, next, now, `at most ${atMost}`);
  if (wanted > there && now - state.changedAt >= policy.upEveryMs)
    return change(wanted, next, now, `${percent}${growth > 0 ? ', and growing' : ''}`);
  const calm = lowSince !== undefined && now - lowSince >= policy.downAfterMs;
  if (calm && now - state.changedAt >= policy.downAfterMs) {
    const fewer = Math.max(1, Math.floor(there * downShare));
    return change(Math.max(wanted, there - fewer), next, now, `${percent} for long`);
  }
  return { desired: there, state: next, reason: percent };
}

function change(desired: number, state: ScaleState, now: number, reason: string) {
  return { desired, state: { ...state, changedAt: now, lowSince: undefined }, reason };
}

function growthPerMs(before: ScaleState['before'], load: number, now: number): number {
  return before && now > before.at ? (load - before.load) / (now - before.at) : 0;
}
