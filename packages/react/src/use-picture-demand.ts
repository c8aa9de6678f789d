import type { Publication, RemotePublication } from '@weir/client';
import { useEffect, useState } from 'react';
import { PictureDemand, type PictureRank } from './picture-demand.ts';
import { useRoom } from './room-context.tsx';

/** Asks the server for as much of a remote picture as fits `element`, and for its bits in the order of `rank`. */
export function usePictureDemand(
  publication: Publication | undefined,
  element: HTMLElement | null,
  rank: PictureRank,
): void {
  const room = useRoom();
  const [viewer] = useState({});
  useEffect(() => {
    if (!publication || publication.participant.isLocal || !element) return;
    const remote = publication as RemotePublication;
    const demand = PictureDemand.of(room);
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      // A tile's picture covers it: a narrow tile shows the middle of a wide picture.
      demand.show(remote, viewer, Math.round(Math.max(height, (width * 9) / 16) * devicePixelRatio));
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      demand.show(remote, viewer, 0);
    };
  }, [room, publication, element, viewer]);
  useEffect(() => {
    if (publication && !publication.participant.isLocal)
      PictureDemand.of(room).rank(publication as RemotePublication, viewer, rank);
  }, [room, publication, viewer, rank]);
}
