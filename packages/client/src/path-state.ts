/** What is known of the path that a transport's media takes. */
export type PathState =
  /** It carries, or has never been asked to. */
  | { status: 'holding' }
  /** It looks dead, and may come back by itself until `deadlineAt` (ms since the epoch). */
  | { status: 'doubted'; deadlineAt: number }
  /** ICE looks for another one until `deadlineAt`. */
  | { status: 'restarting'; deadlineAt: number }
  /** None was found: the transport must be made anew. */
  | { status: 'lost' };

export type PathEvent = { now: number } & (
  | { type: 'connected' }
  | { type: 'disconnected' }
  | { type: 'failed' }
  | { type: 'deadline' }
);

export type PathTimes = {
  /** A path that looks dead gets so long to come back by itself, … */
  doubtMs: number;
  /** … and an ICE restart so long to find another. */
  restartMs: number;
};

export const defaultPathTimes: PathTimes = { doubtMs: 2_500, restartMs: 8_000 };

/** Pure, so that each transition is one row of a table test; `PathKeeper` does the effects. */
export function nextPath(state: PathState, event: PathEvent, times: PathTimes = defaultPathTimes): PathState {
  const { now } = event;
  if (state.status === 'lost') return state;
  switch (event.type) {
    case 'connected':
      return state.status === 'holding' ? state : { status: 'holding' };
    case 'disconnected':
      return state.status === 'holding' ? { status: 'doubted', deadlineAt: now + times.doubtMs } : state;
    case 'failed':
      return state.status === 'holding' ? restarting(now, times) : state;
    case 'deadline':
      if (!('deadlineAt' in state) || now < state.deadlineAt) return state;
      return state.status === 'doubted' ? restarting(now, times) : { status: 'lost' };
  }
}

function restarting(now: number, times: PathTimes): PathState {
  return { status: 'restarting', deadlineAt: now + times.restartMs };
}
