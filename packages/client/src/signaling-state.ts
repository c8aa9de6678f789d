import { backoffMs, PlatformError } from '@weir/core';
import type { JoinAnswer } from '@weir/protocol';

/** What the director gave: where to go, and the proof of the seat. */
export type Seat = JoinAnswer;
export type Goal = 'join' | 'resume';

/** An effort to get into the room: it ends joined, or with an error when its budget is used up. */
type Effort = { attempt: number; giveUpAt: number };

/** Every state but `idle`, `waiting`, `joined` and `closed` ends by itself at `deadlineAt` (ms since the epoch). */
export type SignalingState =
  | { status: 'idle' }
  /** Asking the director for a seat. */
  | { status: 'asking'; effort: Effort; deadlineAt: number }
  /** Opening a socket to a signaling node. */
  | { status: 'opening'; effort: Effort; deadlineAt: number; seat: Seat; goal: Goal }
  /** `session.join` or `session.resume` is under way. */
  | { status: 'claiming'; effort: Effort; deadlineAt: number; seat: Seat; goal: Goal }
  /** In the lobby, until a moderator decides. The socket's pings are the deadline. */
  | { status: 'waiting'; seat: Seat }
  /** Admitted: `session.enter` is under way. */
  | { status: 'entering'; effort: Effort; deadlineAt: number; seat: Seat }
  | { status: 'joined'; seat: Seat }
  /** Waiting for the next attempt; without a seat the director is asked again. */
  | { status: 'backoff'; effort: Effort; deadlineAt: number; seat?: Seat; goal: Goal; error: PlatformError }
  | { status: 'closed'; error?: PlatformError };

export type SignalingEvent = { now: number } /** With a kept seat (page reload) that is resumed first. */ & (
  | { type: 'connect'; seat?: Seat }
  | { type: 'seated'; seat: Seat }
  | { type: 'opened' }
  | { type: 'waiting' }
  | { type: 'admitted' }
  | { type: 'joined' }
  /** The network is another one: what waits for the old one begins anew. */
  | { type: 'networkChanged' }
  /** Another socket has opened, on which the seat is taken up again: the old one does not answer. */
  | { type: 'replaced' }
  /** From now on the seat is taken up at these addresses. */
  | { type: 'redirected'; signaling: string[] }
  /** A step failed or the socket went. `random` in [0, 1) spreads the retries. */
  | { type: 'failed'; error: PlatformError; random: number }
  | { type: 'deadline'; random: number }
  | { type: 'left' }
);

export type SignalingTimes = {
  askMs: number;
  openMs: number;
  claimMs: number;
  /** How long to try at first, … */
  connectBudgetMs: number;
  /** … and after a loss: longer than any outage that calls are meant to survive. */
  reconnectBudgetMs: number;
  firstRetryMs: number;
  maxRetryMs: number;
};

export const defaultTimes: SignalingTimes = {
  askMs: 8_000,
  openMs: 5_000,
  claimMs: 20_000,
  connectBudgetMs: 30_000,
  reconnectBudgetMs: 330_000,
  firstRetryMs: 150,
  maxRetryMs: 4_000,
};

/** Pure, so that each transition is one row of a table test; `SignalingLink` does the effects. */
export function nextState(
  state: SignalingState,
  event: SignalingEvent,
  times: SignalingTimes = defaultTimes,
): SignalingState {
  const { now } = event;
  if (state.status === 'closed') return state;
  if (event.type === 'left') return { status: 'closed' };
  if (event.type === 'failed') return afterFailure(state, event.error, now, event.random, times);

  switch (state.status) {
    case 'idle': {
      if (event.type !== 'connect') return state;
      const effort = { attempt: 1, giveUpAt: now + times.connectBudgetMs };
      return event.seat
        ? { status: 'opening', effort, deadlineAt: now + times.openMs, seat: event.seat, goal: 'resume' }
        : { status: 'asking', effort, deadlineAt: now + times.askMs };
    }
    case 'asking':
      if (event.type === 'seated')
        return {
          status: 'opening',
          effort: state.effort,
          deadlineAt: now + times.openMs,
          seat: event.seat,
          goal: 'join',
        };
      break;
    case 'opening':
      if (event.type === 'opened') return { ...state, status: 'claiming', deadlineAt: now + times.claimMs };
      if (event.type === 'networkChanged') return { ...state, deadlineAt: now + times.openMs };
      break;
    case 'claiming':
      if (event.type === 'joined') return { status: 'joined', seat: state.seat };
      if (event.type === 'waiting') return { status: 'waiting', seat: state.seat };
      break;
    case 'waiting':
      if (event.type === 'admitted') {
        const effort = { attempt: 1, giveUpAt: now + times.reconnectBudgetMs };
        return { status: 'entering', effort, deadlineAt: now + times.claimMs, seat: state.seat };
      }
      break;
    case 'entering':
      if (event.type === 'joined') return { status: 'joined', seat: state.seat };
      break;
    case 'backoff':
      if (event.type !== 'networkChanged' && (event.type !== 'deadline' || now < state.deadlineAt))
        return state;
      return state.seat
        ? {
            status: 'opening',
            effort: state.effort,
            deadlineAt: now + times.openMs,
            seat: state.seat,
            goal: state.goal,
          }
        : { status: 'asking', effort: state.effort, deadlineAt: now + times.askMs };
    case 'joined': {
      if (event.type === 'redirected')
        return { ...state, seat: { ...state.seat, signaling: event.signaling } };
      if (event.type !== 'replaced') return state;
      const effort = { attempt: 1, giveUpAt: now + times.reconnectBudgetMs };
      return {
        status: 'claiming',
        effort,
        deadlineAt: now + times.claimMs,
        seat: state.seat,
        goal: 'resume',
      };
    }
  }
  if (event.type === 'deadline' && 'deadlineAt' in state && now >= state.deadlineAt)
    return afterFailure(
      state,
      new PlatformError('timeout', `no answer while ${state.status}`),
      now,
      event.random,
      times,
    );
  return state; // It came too late, or does not belong here.
}

function afterFailure(
  state: Exclude<SignalingState, { status: 'closed' }>,
  error: PlatformError,
  now: number,
  random: number,
  times: SignalingTimes,
): SignalingState {
  if (state.status === 'idle' || state.status === 'backoff') return state;
  // The seat is gone (a long absence, a server that lost its memory): ask for a new one.
  const seatGone = error.code === 'session-unknown' || error.code === 'room-not-found';
  const mayAsk = seatGone && state.status !== 'asking';
  if (!error.retryable && !mayAsk) return { status: 'closed', error };

  const running = 'effort' in state;
  const effort: Effort = running
    ? { attempt: state.effort.attempt + 1, giveUpAt: state.effort.giveUpAt }
    : { attempt: 1, giveUpAt: now + times.reconnectBudgetMs };
  // A running call that loses its seat has as long as one that lost its socket.
  const waitMs = running
    ? backoffMs(effort.attempt - 1, retry(times), () => random)
    : Math.round(random * 50);
  if (now + waitMs >= effort.giveUpAt) return { status: 'closed', error };
  const deadlineAt = now + waitMs;
  if (seatGone || state.status === 'asking')
    return { status: 'backoff', effort, deadlineAt, goal: 'join', error };
  const goal = 'goal' in state ? state.goal : 'resume';
  return { status: 'backoff', effort, deadlineAt, seat: state.seat, goal, error };
}

function retry(times: SignalingTimes) {
  return { firstMs: times.firstRetryMs, maxMs: times.maxRetryMs };
}
