import { expect, test } from 'vitest';
import { panBy, wholePicture, zoomAt } from './zoom.ts';

const box = { width: 800, height: 600 };

test('what is under the hand stays there', () => {
  const point = { x: 200, y: -100 };
  const zoom = zoomAt(wholePicture, 2, point, box);
  // The point of the picture that was there, where it is now:
  expect({ x: point.x * zoom.scale + zoom.x, y: point.y * zoom.scale + zoom.y }).toEqual(point);
});

test('it goes neither below the whole picture nor beyond eight times', () => {
  expect(zoomAt(wholePicture, 0.5, { x: 9, y: 9 }, box)).toEqual(wholePicture);
  expect(zoomAt(wholePicture, 100, { x: 0, y: 0 }, box).scale).toBe(8);
  const near = zoomAt(wholePicture, 4, { x: 400, y: 300 }, box);
  expect(zoomAt(near, 0.01, { x: -400, y: 10 }, box)).toEqual(wholePicture);
});

test('it is not moved past its edges', () => {
  const near = zoomAt(wholePicture, 2, { x: 0, y: 0 }, box);
  expect(panBy(near, { x: 10_000, y: -10_000 }, box)).toEqual({ scale: 2, x: 400, y: -300 });
  expect(panBy(wholePicture, { x: 50, y: 50 }, box)).toEqual(wholePicture);
});
