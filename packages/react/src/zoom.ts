import type { Size } from './stage-layout.ts';

/** How a picture is enlarged inside its box; `x` and `y` move it, in pixels, from the middle. */
export type Zoom = { scale: number; x: number; y: number };

export const wholePicture: Zoom = { scale: 1, x: 0, y: 0 };
const most = 8;

/** Enlarges by `factor` so that what is under `point` (from the middle of the box) stays there. */
export function zoomAt(zoom: Zoom, factor: number, point: { x: number; y: number }, box: Size): Zoom {
  const scale = Math.min(most, Math.max(1, zoom.scale * factor));
  const ratio = scale / zoom.scale;
  return within(
    { scale, x: point.x - (point.x - zoom.x) * ratio, y: point.y - (point.y - zoom.y) * ratio },
    box,
  );
}

/** Moves the picture, never past its edges. */
export function panBy(zoom: Zoom, by: { x: number; y: number }, box: Size): Zoom {
  return within({ ...zoom, x: zoom.x + by.x, y: zoom.y + by.y }, box);
}

function within({ scale, x, y }: Zoom, { width, height }: Size): Zoom {
  const bound = (value: number, length: number) => {
    const limit = (length * (scale - 1)) / 2;
    return Math.min(limit, Math.max(-limit, value)) + 0; // No -0.
  };
  return { scale, x: bound(x, width), y: bound(y, height) };
}
