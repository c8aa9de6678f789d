import { describe, expect, test } from 'vitest';
import { encodingsFor } from './publish-options.ts';

describe('encodings of a video', () => {
  test.each([
    [1080, 3],
    [720, 3],
    [480, 2],
    [360, 2],
    [180, 1],
    [90, 1],
  ])('%i lines of VP8 are sent in %i sizes, the smallest first', (height, layers) => {
    const encodings = encodingsFor({ source: 'camera' }, height);
    expect(encodings).toHaveLength(layers);
    expect(encodings.at(-1)?.scaleResolutionDownBy).toBe(1);
    const bitrates = encodings.map((e) => e.maxBitrate);
    expect(bitrates).toEqual([...bitrates].sort((a, b) => a - b));
  });

  test.each([
    ['VP9', 'L3T3_KEY'],
    ['AV1', 'L1T3'],
  ] as const)('%s is one encoding with its layers inside: %s', (codec, scalabilityMode) => {
    expect(encodingsFor({ source: 'camera', codec }, 720)).toMatchObject([{ scalabilityMode }]);
  });

  test('a shared screen comes in full, and smaller with few pictures for narrow lines; each encoding says how many', () => {
    for (const [lines, scales] of [
      [300, [1, 1, 1]],
      [720, [2, 1, 1]],
      [1080, [3, 1.5, 1]],
    ] as const)
      expect(encodingsFor({ source: 'screen' }, lines)).toMatchObject([
        { scaleResolutionDownBy: scales[0], maxFramerate: 5, maxBitrate: 150_000 },
        { scaleResolutionDownBy: scales[1], maxFramerate: 5, maxBitrate: 500_000 },
        { scaleResolutionDownBy: scales[2], maxFramerate: 30, maxBitrate: 3_000_000 },
      ]);
    for (const once of [{ codec: 'AV1' }, { codec: 'VP9' }, { simulcast: false }] as const)
      expect(encodingsFor({ source: 'screen', ...once }, 1080)).toHaveLength(1);
  });

  test('the bitrate limit holds for every layer', () => {
    const encodings = encodingsFor({ source: 'camera', maxBitrateBps: 100_000 }, 720);
    expect(Math.max(...encodings.map((e) => e.maxBitrate))).toBe(100_000);
  });
});
