import type { Participant } from '@weir/client';
import { useEffect, useReducer, useRef } from 'react';
import { showsLive } from './live-pictures.ts';
import { absentees, missingSince } from './stage-absence.ts';

const lookEveryMs = 1_000;

/** Who of the others lost the connection a while ago and shows no picture any more: somebody who closed the page, say. */
export function useAbsentees(others: readonly Participant[]): ReadonlySet<string> {
  const since = useRef<ReadonlyMap<string, number>>(new Map());
  const [, lookAgain] = useReducer((looks: number) => looks + 1, 0);
  const away = others.filter(({ status }) => status === 'reconnecting');
  const missing = away.filter((participant) => !showsLive(participant));
  const now = performance.now();
  since.current = missingSince(since.current, missing.map(idOf), now);
  const waiting = away.length > 0;
  useEffect(() => {
    if (!waiting) return;
    const timer = setInterval(lookAgain, lookEveryMs);
    return () => clearInterval(timer);
  }, [waiting]);
  return absentees(others.map(idOf), since.current, now);
}

const idOf = ({ participantId }: Participant) => participantId;
