import { quantile } from '../measure/quantile.ts';
import { type Blow, describeBlow } from './schedule.ts';

/** A time in which nothing of a camera came to somebody, in ms of the run. */
export type Freeze = { subscription: string; fromMs: number; toMs: number };

/** A blow as it was dealt: until `toMs` whatever stands still is put down to it. */
export type Dealt = { blow: Blow; fromMs: number; toMs: number };

/** What one blow did. Times in ms; `over`: how many subscriptions stood still at all. */
export type Effect = {
  atMs: number;
  what: string;
  subscriptions: number;
  longestMs: number;
  medianMs: number;
  dropped: string[];
};

/** Puts each freeze and each drop down to the blow before it, if that was still working. */
export function effects(
  dealt: Dealt[],
  freezes: Freeze[],
  drops: { atMs: number; who: string }[],
): { effects: Effect[]; unexplained: Freeze[] } {
  const owner = (atMs: number) => dealt.findLast(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
  const found = dealt.map((one) => {
    // One that begins with the last picture before the blow is its doing.
    const own = freezes.filter(
      ({ fromMs, toMs }) => owner(fromMs) === one || (!owner(fromMs) && owner(toMs) === one),
    );
    const lengths = own.map(({ fromMs, toMs }) => toMs - fromMs);
    return {
      atMs: one.fromMs,
      what: describeBlow(one.blow),
      subscriptions: new Set(own.map(({ subscription }) => subscription)).size,
      longestMs: Math.round(Math.max(0, ...lengths)),
      medianMs: lengths.length ? Math.round(quantile(lengths, 0.5)) : 0,
      dropped: drops.filter(({ atMs }) => owner(atMs) === one).map(({ who }) => who),
    };
  });
  const unexplained = freezes.filter(({ fromMs, toMs }) => !owner(fromMs) && !owner(toMs));
  return { effects: found, unexplained };
}
