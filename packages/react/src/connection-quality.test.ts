import { describe, expect, test } from 'vitest';
import {
  incomingQuality,
  outgoingQuality,
  type Quality,
  type SteadyQuality,
  type Surroundings,
  steadier,
  worst,
} from './connection-quality.ts';
import type { StreamReading } from './stream-reading.ts';

const picture = (changes: Partial<StreamReading> = {}): StreamReading => ({
  direction: 'in',
  kind: 'video',
  bitrateBps: 900_000,
  lossRatio: 0,
  jitterMs: 5,
  roundTripMs: 40,
  height: 720,
  framesPerSecond: 30,
  ...changes,
});
const words = (quality: Quality) =>
  quality.level === 'good' ? 'good' : `${quality.level}: ${quality.reason}`;

describe('what comes in', () => {
  test.each<[string, StreamReading, Partial<Surroundings>, string]>([
    ['all well', picture(), {}, 'good'],
    ['a little loss is repaired', picture({ lossRatio: 0.02 }), {}, 'good'],
    ['loss, nobody to compare with', picture({ lossRatio: 0.06 }), {}, 'fair: loss'],
    ['loss of all', picture({ lossRatio: 0.06 }), { others: 'most' }, 'fair: your-loss'],
    ['loss of this one alone', picture({ lossRatio: 0.2 }), { others: 'few' }, 'poor: their-upload'],
    ['a slow way', picture({ roundTripMs: 500 }), {}, 'fair: delay'],
    ['a very slow way', picture({ roundTripMs: 1_200 }), {}, 'poor: delay'],
    ['a picture that stands half of the time', picture({ frozenRatio: 0.5 }), {}, 'poor: loss'],
    ['a few frames a second', picture({ framesPerSecond: 6 }), {}, 'fair: their-upload'],
    ['a screen may stand still', picture({ framesPerSecond: 1, frozenRatio: 0.9 }), { screen: true }, 'good'],
    ['held back by your line', picture({ height: 180 }), { limitedBy: 'bandwidth' }, 'fair: your-line'],
    [
      'stopped by your line',
      picture({ bitrateBps: 0 }),
      { limitedBy: 'bandwidth', stopped: true },
      'poor: your-line',
    ],
    ['the server has too much to do', picture(), { limitedBy: 'server' }, 'fair: server'],
    ['they send less', picture(), { limitedBy: 'publisher' }, 'fair: their-upload'],
    [
      'they send nothing',
      picture({ bitrateBps: 0 }),
      { limitedBy: 'publisher', stopped: true },
      'poor: their-upload',
    ],
    ['muted', picture({ framesPerSecond: 0, bitrateBps: 0 }), { limitedBy: 'muted' }, 'good'],
    ['made-up sound', { ...picture(), kind: 'audio', concealedRatio: 0.2 }, {}, 'poor: loss'],
  ])('%s', (_, reading, around, expected) => {
    expect(words(incomingQuality(reading, { others: 'none', ...around }))).toBe(expected);
  });
});

describe('what goes out', () => {
  const sent = (changes: Partial<StreamReading>) => picture({ direction: 'out', ...changes });
  test.each<[string, StreamReading, string]>([
    ['all well', sent({}), 'good'],
    ['limited a little', sent({ encoderLimit: 'bandwidth', height: 700 }), 'good'],
    ['a narrow upload', sent({ encoderLimit: 'bandwidth', height: 360 }), 'fair: upload'],
    ['a very narrow upload', sent({ encoderLimit: 'bandwidth', height: 180 }), 'poor: upload'],
    ['a busy computer', sent({ encoderLimit: 'cpu', height: 360 }), 'fair: computer'],
    ['loss on the way up', sent({ lossRatio: 0.2 }), 'poor: upload-loss'],
    ['small because nobody wants more', sent({ height: 180 }), 'good'],
  ])('%s', (_, reading, expected) => {
    expect(words(outgoingQuality(reading, 720))).toBe(expected);
  });
});

test('the worst of several, with its reason', () => {
  const fair: Quality = { level: 'fair', reason: 'delay' };
  const poor: Quality = { level: 'poor', reason: 'loss' };
  expect(worst({ level: 'good' }, fair, poor, { level: 'poor', reason: 'upload' })).toBe(poor);
  expect(worst()).toEqual({ level: 'good' });
});

describe('a mark is steady', () => {
  const fair: Quality = { level: 'fair', reason: 'loss' };
  const run = (...all: Quality[]) =>
    all.reduce<{ state: SteadyQuality; seen: string[] }>(
      ({ state, seen }, quality) => {
        const next = steadier(state, quality);
        return { state: next, seen: [...seen, next.shown.level] };
      },
      { state: { shown: { level: 'good' } }, seen: [] },
    ).seen;
  const fine: Quality = { level: 'good' };

  test('one bad moment is not shown, two in a row are', () => {
    expect(run(fair, fine, fair, fair)).toEqual(['good', 'good', 'good', 'fair']);
  });

  test('it takes longer to be well again', () => {
    expect(run(fair, fair, fine, fine, fine, fine)).toEqual(['good', 'fair', 'fair', 'fair', 'fair', 'good']);
  });

  test('a line that changes each moment does not blink', () => {
    const wild = Array.from({ length: 20 }, (_, i) => (i % 2 ? fine : fair));
    expect(new Set(run(fair, fair, ...wild).slice(1))).toEqual(new Set(['fair']));
  });
});
