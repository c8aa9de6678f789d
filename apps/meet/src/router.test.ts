import { expect, test } from 'vitest';
import { meetPath, routeOf } from './router.ts';

test.each([
  ['/', { page: 'start' }],
  ['/meet', { page: 'start' }],
  ['/meet/', { page: 'start' }],
  ['/meet/morning-round', { page: 'meet', roomId: 'morning-round' }],
  ['/meet/morning-round/', { page: 'meet', roomId: 'morning-round' }],
  ['/meet/caf%C3%A9', { page: 'meet', roomId: 'café' }],
  ['/meet/%E0%A4%A', { page: 'not-found' }],
  ['/meet/a/b', { page: 'not-found' }],
  ['/preflight', { page: 'preflight' }],
  ['/preflight/', { page: 'preflight' }],
  ['/preflight/a', { page: 'not-found' }],
  ['/elsewhere', { page: 'not-found' }],
])('%s', (path, route) => {
  expect(routeOf(path)).toEqual(route);
});

test('a room’s path leads back to the room', () => {
  for (const roomId of ['a', 'käse~1', '王', 'a.b_c'])
    expect(routeOf(meetPath(roomId))).toEqual({ page: 'meet', roomId });
});
