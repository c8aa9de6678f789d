import { useLayoutEffect, useState } from 'react';

/** Plays `track` in the `<video>` or `<audio>` element that `ref` is given to; `element` is that element, once there. */
export function useTrackElement<E extends HTMLMediaElement>(
  track: MediaStreamTrack | undefined,
): { ref: (element: E | null) => void; element: E | null } {
  const [element, ref] = useState<E | null>(null);
  useLayoutEffect(() => {
    if (!element || !track) return;
    element.srcObject = new MediaStream([track]);
    return () => {
      element.srcObject = null;
    };
  }, [element, track]);
  return { ref, element };
}
