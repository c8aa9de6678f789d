import { expect, test } from 'vitest';
import { limitReason, type TrackFlow } from './track-flow.ts';

const whole: TrackFlow = {
  paused: false,
  muted: false,
  wanted: 2,
  narrow: false,
  stopped: false,
  degraded: false,
  flowing: 2,
  sent: true,
  settled: true,
};

test.each([
  ['all flows', {}, undefined],
  ['more flows than is asked for', { wanted: 1 }, undefined],
  ['it has just begun', { flowing: null, settled: false }, undefined],
  ['it rises just now', { flowing: 1, settled: false }, undefined],
  ['it is held back', { flowing: 0, narrow: true, sent: false }, 'bandwidth'],
  [
    'how far it is held back is still being found out',
    { flowing: 0, narrow: true, settled: false },
    undefined,
  ],
  ['fewer pictures a second are less, too', { narrow: true }, 'bandwidth'],
  ['it was stopped', { flowing: null, narrow: true, stopped: true, settled: false }, 'bandwidth'],
  ['the engine finds no more room', { flowing: 1 }, 'bandwidth'],
  ['its node has too much to do', { flowing: 1, degraded: true, sent: false, settled: false }, 'server'],
  ['its line carried no more either way', { flowing: 0, narrow: true }, 'bandwidth'],
  ['what is asked for is not sent', { flowing: 1, sent: false }, 'publisher'],
  ['nothing is sent', { flowing: null, sent: false }, 'publisher'],
  ['it is not shown, whatever else', { paused: true, muted: true, narrow: true, flowing: null }, 'not-shown'],
  ['it is muted on a narrow line', { muted: true, narrow: true, flowing: null }, 'muted'],
] as const)('%s', (_, changes, reason) => {
  expect(limitReason({ ...whole, ...changes })).toBe(reason);
});
