import type { Publication, RemotePublication } from '@weir/client';
import { useEffect } from 'react';
import { PictureDemand } from './picture-demand.ts';
import { useRoom } from './room-context.tsx';

/** Asks the server for as much of a remote picture as fits `element`. */
export function usePictureDemand(publication: Publication | undefined, element: HTMLElement | null): void {
  const room = useRoom();
  useEffect(() => {
    if (!publication || publication.participant.isLocal || !element) return;
    const remote = publication as RemotePublication;
    const demand = PictureDemand.of(room);
    const viewer = {};
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
  }, [room, publication, element]);
}
