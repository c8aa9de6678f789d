import { useLayoutEffect, useState } from 'react';

/** Plays `track` in the `<video>` or `<audio>` element that `ref` is given to; `element` is that element, once there. */
export function useTrackElement<E extends HTMLMediaElement>(
  track: MediaStreamTrack | undefined,
): { ref: (element: E | null) => void; element: E | null } {
  const [element, ref] = useState<E | null>(null);
  useLayoutEffect(() => {
    if (element) showTrack(element, track);
  }, [element, track]);
  useLayoutEffect(() => {
    if (!element) return;
    return () => {
      element.srcObject = null;
    };
  }, [element]);
  return { ref, element };
}

/** One that takes the place of another is put into the same stream: the picture before stays until the next one is there. */
function showTrack(element: HTMLMediaElement, track: MediaStreamTrack | undefined): void {
  const stream = element.srcObject instanceof MediaStream ? element.srcObject : undefined;
  if (!track) element.srcObject = null;
  else if (!stream) element.srcObject = new MediaStream([track]);
  else {
    const others = stream.getTracks().filter((other) => other !== track);
    stream.addTrack(track);
    for (const other of others) stream.removeTrack(other);
  }
}
