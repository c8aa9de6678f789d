import type { Participant } from '@weir/client';
import { useEffect, useReducer, useRef } from 'react';
import { showsLive } from './live-pictures.ts';
import { absentees, awaySince } from './stage-absence.ts';

const lookEveryMs = 1_000;

/** Who of the others lost the connection a while ago and shows no picture any more: somebody who closed the page, say. */
export function useAbsentees(others: readonly Participant[]): ReadonlySet<string> {
  const since = useRef<ReadonlyMap<string, number>>(new Map());
  const [, lookAgain] = useReducer((looks: number) => looks + 1, 0);
  const away = others.filter(({ status }) => status === 'reconnecting');
  const now = performance.now();
  since.current = awaySince(
    since.current,
    away.map(({ participantId }) => participantId),
    now,
  );
  const waiting = away.length > 0;
  useEffect(() => {
    if (!waiting) return;
    const timer = setInterval(lookAgain, lookEveryMs);
    return () => clearInterval(timer);
  }, [waiting]);
  const presences = others.map((other) => ({ id: other.participantId, live: showsLive(other) }));
  return absentees(presences, since.current, now);
}
