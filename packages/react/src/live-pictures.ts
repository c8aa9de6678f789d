import type { Participant, Publication } from '@weir/client';
import { useEffect } from 'react';

/** In how many tiles the pictures of each move now. */
const live = new WeakMap<Publication, number>();

/** Tells `showsLive` about a tile. */
export function useLivePicture(publication: Publication | undefined, moves: boolean): void {
  useEffect(() => {
    if (!publication || !moves) return;
    const count = (by: number) => live.set(publication, (live.get(publication) ?? 0) + by);
    count(1);
    return () => void count(-1);
  }, [publication, moves]);
}

/** Whether a picture of this participant moves in a tile. */
export function showsLive({ publications }: Participant): boolean {
  return [...publications.values()].some((publication) => (live.get(publication) ?? 0) > 0);
}
