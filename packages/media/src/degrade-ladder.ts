import { type Clock, Lifetime, type Logger } from '@weir/core';
import { highest, type LimitShares } from './node-load.ts';

/** What a node gives up as its scarcest resource runs out, each with those before it. Sound is never given up. */
export const degradations = ['new-rooms', 'top-layers', 'unpinned-video'] as const;
export type Degradation = (typeof degradations)[number];

/** How many of the `degradations` are in force, and what must be remembered to go on from there. */
export type LadderState = {
  rung: number;
  /** Since when there is reason to go up, or down; undefined: there is none. */
  highSince: number | undefined;
  lowSince: number | undefined;
  /** How long it must be calm before a rung is taken back. */
  holdMs: number;
  descendedAt: number;
};

export const groundState: LadderState = {
  rung: 0,
  highSince: undefined,
  lowSince: undefined,
  holdMs: 10_000,
  descendedAt: Number.NEGATIVE_INFINITY,
};

/** From these shares of the scarcest resource on each rung is taken, … */
const climbFrom = [0.7, 0.85, 0.95];
/** … when that was no mere peak; … */
const confirmMs = 1_500;
/** … it is taken back when the share is so much lower … */
const margin = 0.1;
/** … for a while: what was given up comes back with it, and so may the load. Then it takes longer the next time. */
const shortestHoldMs = 10_000;
const longestHoldMs = 160_000;
const relapseMs = 60_000;
const lookEveryMs = 1_000;

/** Pure, one rung at a time; `share`: of the scarcest resource, 0 to 1 and above. */
export function nextLadder(before: LadderState, share: number, now: number): LadderState {
  const { rung, holdMs } = before;
  const high = rung < climbFrom.length && share >= climbFrom[rung]!;
  const low = rung > 0 && share < climbFrom[rung - 1]! - margin;
  const state: LadderState = {
    ...before,
    highSince: high ? (before.highSince ?? now) : undefined,
    lowSince: low ? (before.lowSince ?? now) : undefined,
  };
  if (high && now - state.highSince! >= confirmMs) {
    const relapsed = now - before.descendedAt < relapseMs;
    const longer = relapsed ? Math.min(longestHoldMs, holdMs * 2) : holdMs;
    return { ...state, rung: rung + 1, highSince: undefined, holdMs: longer };
  }
  if (low && now - state.lowSince! >= holdMs)
    return { ...state, rung: rung - 1, lowSince: undefined, descendedAt: now };
  const calm = rung === 0 && now - before.descendedAt >= longestHoldMs;
  return calm ? { ...state, holdMs: shortestHoldMs } : state;
}

/** Keeps a node below its limits: looks each second, and says what is given up. */
export class DegradeLadder extends Lifetime {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #use: () => LimitShares;
  readonly #changed: () => void;
  #state = groundState;
  #cancel?: () => void;

  /** `changed`: another rung is in force. */
  constructor(options: { clock: Clock; logger: Logger; use: () => LimitShares; changed: () => void }) {
    super();
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#use = options.use;
    this.#changed = options.changed;
    this.onClose(() => this.#cancel?.());
    this.#lookLater();
  }

  /** The last that was given up; undefined: nothing. */
  get degraded(): Degradation | undefined {
    return degradations[this.#state.rung - 1];
  }

  has(degradation: Degradation): boolean {
    return degradations.indexOf(degradation) < this.#state.rung;
  }

  #lookLater(): void {
    this.#cancel = this.#clock.after(lookEveryMs, () => {
      this.#look();
      if (!this.closed) this.#lookLater();
    });
  }

  #look(): void {
    const use = this.#use();
    const before = this.#state;
    this.#state = nextLadder(before, highest(use), this.#clock.now());
    const { rung } = this.#state;
    if (rung === before.rung) return;
    const facts = { use, degraded: this.degraded ?? 'nothing' };
    if (rung > before.rung) this.#logger.warn(facts, 'this media node runs out of what it has');
    else this.#logger.info(facts, 'this media node has more to give again');
    this.#changed();
  }
}
