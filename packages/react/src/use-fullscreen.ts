import { useEffect, useState } from 'react';

/** `possible` is false where the browser has no such thing (phones of Apple). */
export type Fullscreen = { possible: boolean; on: boolean; flip: () => void };

/** One element on the whole screen, or not. */
export function useFullscreen(element: HTMLElement | null): Fullscreen {
  const [on, setOn] = useState(false);
  useEffect(() => {
    const look = () => setOn(element !== null && document.fullscreenElement === element);
    look();
    document.addEventListener('fullscreenchange', look);
    return () => document.removeEventListener('fullscreenchange', look);
  }, [element]);
  const flip = () => {
    const change = on ? document.exitFullscreen() : element?.requestFullscreen();
    change?.catch(() => {}); // Not allowed in this frame: the button does nothing.
  };
  return { possible: document.fullscreenEnabled === true, on, flip };
}
