import { useEffect, useMemo, useRef, useState } from 'react';
import { panBy, wholePicture, type Zoom, zoomAt } from './zoom.ts';

const step = 1.5;

export type ZoomControls = {
  zoom: Zoom;
  /** From the middle, a step in or out; 0: the whole picture. */
  change(direction: 1 | -1 | 0): void;
};

/** Enlarges a picture inside `box` by wheel, pinch, drag or step; the whole again when `on` ends. */
export function useZoom(box: HTMLElement | null, on: boolean): ZoomControls {
  const [zoom, setZoom] = useState(wholePicture);
  const fingers = useRef(new Map<number, { x: number; y: number }>());
  useEffect(() => {
    if (!box || !on) return setZoom(wholePicture);
    const events = new AbortController();
    const { signal } = events;
    const down = fingers.current;
    const size = () => ({ width: box.clientWidth, height: box.clientHeight });
    const at = ({ clientX, clientY }: MouseEvent) => {
      const { left, top, width, height } = box.getBoundingClientRect();
      return { x: clientX - left - width / 2, y: clientY - top - height / 2 };
    };
    box.addEventListener(
      'wheel',
      (event) => {
        event.preventDefault();
        setZoom((before) => zoomAt(before, 2 ** (-event.deltaY / 300), at(event), size()));
      },
      { signal, passive: false },
    );
    box.addEventListener(
      'pointerdown',
      (event) => {
        if (event.target instanceof Element && event.target.closest('button')) return;
        down.set(event.pointerId, at(event));
      },
      { signal },
    );
    box.addEventListener(
      'pointermove',
      (event) => {
        const before = down.get(event.pointerId);
        if (!before) return;
        const now = at(event);
        const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
        down.set(event.pointerId, now);
        const pinch = other ? distance(now, other) / Math.max(1, distance(before, other)) : 1;
        const middle = other ? { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 } : now;
        const by = { x: (now.x - before.x) / down.size, y: (now.y - before.y) / down.size };
        setZoom((zoomed) => panBy(zoomAt(zoomed, pinch, middle, size()), by, size()));
      },
      { signal },
    );
    const up = ({ pointerId }: PointerEvent) => down.delete(pointerId);
    for (const type of ['pointerup', 'pointercancel', 'pointerleave'] as const)
      box.addEventListener(type, up, { signal });
    return () => {
      events.abort();
      down.clear();
    };
  }, [box, on]);
  return useMemo(() => {
    const size = () => ({ width: box?.clientWidth ?? 0, height: box?.clientHeight ?? 0 });
    const change = (direction: 1 | -1 | 0) =>
      setZoom((before) =>
        direction === 0 ? wholePicture : zoomAt(before, step ** direction, { x: 0, y: 0 }, size()),
      );
    return { zoom, change };
  }, [zoom, box]);
}

function distance(a: { x: number; y: number }, b: { x: number; y: number }): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
