import { useEffect, useState } from 'react';

/** `starting`: no picture yet; `frozen`: the last picture is older than it should be. */
export type PictureState = 'starting' | 'live' | 'frozen';

const lookEveryMs = 500;

/**
 * Whether the pictures of a playing `<video>` move. Looks at the frames themselves, so that a picture that stopped for any
 * reason is told. Says nothing new while the page is hidden: browsers paint no frames then.
 */
export function usePictureState(element: HTMLVideoElement | null, staleAfterMs: number): PictureState {
  const [state, setState] = useState<PictureState>('starting');
  useEffect(() => {
    setState('starting');
    if (!element) return;
    if (!('requestVideoFrameCallback' in element)) return followPlayback(element, setState);
    let lastFrameAt = 0;
    let request = 0;
    const onFrame = () => {
      request = 0;
      lastFrameAt = performance.now();
      setState('live');
    };
    const look = () => {
      if (!request) request = element.requestVideoFrameCallback(onFrame);
      if (document.visibilityState !== 'visible') lastFrameAt &&= performance.now();
      else if (lastFrameAt && performance.now() - lastFrameAt > staleAfterMs) setState('frozen');
    };
    look();
    const timer = setInterval(look, lookEveryMs);
    return () => {
      clearInterval(timer);
      if (request) element.cancelVideoFrameCallback(request);
    };
  }, [element, staleAfterMs]);
  return state;
}

/** For browsers that do not tell frames: as good as the element's own events. */
function followPlayback(element: HTMLVideoElement, setState: (state: PictureState) => void): () => void {
  const events = new AbortController();
  const on = (type: string, state: PictureState) =>
    element.addEventListener(type, () => setState(state), { signal: events.signal });
  on('playing', 'live');
  on('stalled', 'frozen');
  on('waiting', 'frozen');
  return () => events.abort();
}
