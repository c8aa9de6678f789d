import type { Publication, RemotePublication } from '@weir/client';
import { useEffect, useRef, useState } from 'react';
import { PictureDemand, type PictureRank } from './picture-demand.ts';
import { useRoom } from './room-context.tsx';

/** So near to being scrolled into view a picture is asked for: it is there when it is seen. */
const nearMargin = '200px';

/**
 * Asks the server for as much of a remote picture as fits `element`, and for its bits in the order of `rank`; for nothing
 * while the element is scrolled out of view.
 */
export function usePictureDemand(
  publication: Publication | undefined,
  element: HTMLElement | null,
  rank: PictureRank,
): void {
  const room = useRoom();
  const [viewer] = useState({});
  const ranked = useRef(rank);
  const tell = useRef(() => {});
  useEffect(() => {
    if (!publication || publication.participant.isLocal || !element) return;
    const remote = publication as RemotePublication;
    const demand = PictureDemand.of(room);
    let pixels = 0;
    let inView = true;
    tell.current = () => {
      if (!inView) return demand.show(remote, viewer, 0);
      demand.rank(remote, viewer, ranked.current); // First: until it is measured, nothing is told.
      if (pixels > 0) demand.show(remote, viewer, pixels);
    };
    const sizes = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      // A tile's picture covers it: a narrow tile shows the middle of a wide picture.
      pixels = Math.round(Math.max(height, (width * 9) / 16) * devicePixelRatio);
      tell.current();
    });
    const views = new IntersectionObserver(
      (entries) => {
        inView = entries.at(-1)!.isIntersecting;
        tell.current();
      },
      { rootMargin: nearMargin },
    );
    sizes.observe(element);
    views.observe(element);
    return () => {
      sizes.disconnect();
      views.disconnect();
      tell.current = () => {};
      demand.show(remote, viewer, 0);
    };
  }, [room, publication, element, viewer]);
  useEffect(() => {
    ranked.current = rank;
    tell.current();
  }, [rank]);
}
