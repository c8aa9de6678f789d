import { expect, test } from 'vitest';
import { type Arrived, Starvation } from './starvation.ts';

const looks = (all: (Arrived | undefined)[]) => {
  const starvation = new Starvation();
  return all.map((arrived) => {
    starvation.look(arrived);
    return starvation.isStarving;
  });
};
const at = (
  pictures: number,
  videoBytes: number,
  allBytes: number,
  changes: Partial<Arrived> = {},
): Arrived => ({
  tracks: 'a',
  pictures,
  videoBytes,
  allBytes,
  told: true,
  ...changes,
});
/** So many looks at which only other packets have come, and the server has not said that it sends pictures. */
const untold = (count: number, videoBytes: number) =>
  Array.from({ length: count }, (_, i) => at(0, videoBytes, i, { told: false }));

/** So many looks at which parts of pictures came, each time many. */
const much = (count: number) => Array.from({ length: count }, (_, i) => at(1, i * 7_600, i * 9_000));

test.each<[string, (Arrived | undefined)[], boolean]>([
  ['sound comes, pictures do not', [at(1, 9, 10), at(1, 9, 20), at(1, 9, 30)], true],
  ['never any picture came', [at(0, 0, 10), at(0, 0, 20), at(0, 0, 30)], true],
  ['of pictures only parts come', [at(1, 9, 10), at(1, 2_000, 3_000), at(1, 9_000, 12_000)], true],
  ['no picture is whole yet, but much of it has come', much(5), false],
  ['no picture becomes whole, however much comes', much(6), true],
  ['both come', [at(1, 1, 10), at(2, 2, 20), at(3, 3, 30)], false],
  ['nothing comes at all: the path is gone', [at(1, 9, 10), at(1, 9, 10), at(1, 9, 10)], false],
  ['no picture should come', [undefined, undefined, undefined], false],
  [
    'other pictures should come than before',
    [at(1, 9, 10), at(1, 9, 20), at(1, 9, 30, { tracks: 'b' })],
    false,
  ],
  ['pictures came at last', [at(1, 9, 10), at(1, 9, 20), at(1, 9, 30), at(2, 10, 40), at(3, 11, 50)], false],
  [
    'one came, and no other after it',
    [...[10, 20, 30].map((all) => at(1, 9, all)), at(2, 10, 40), at(2, 10, 50)],
    true,
  ],
  [
    'it is not known whether any are sent: the server has three seconds to say that none are',
    untold(5, 0),
    false,
  ],
  ['neither pictures come nor its word', untold(6, 0), true],
  ['its word did not come, but parts of pictures did', untold(3, 9), true],
  ['it was only a second', [at(1, 9, 10), at(1, 9, 20)], false],
])('%s', (_, all, expected) => {
  expect(looks(all).at(-1)).toBe(expected);
});
