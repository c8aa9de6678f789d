import { expect, test } from 'vitest';
import { type Arrived, Starvation } from './starvation.ts';

const looks = (all: (Arrived | undefined)[]) => {
  const starvation = new Starvation();
  return all.map((arrived) => {
    starvation.look(arrived);
    return starvation.isStarving;
  });
};
const at = (videoBytes: number, allBytes: number, tracks = 'a'): Arrived => ({
  tracks,
  videoBytes,
  allBytes,
});

test.each<[string, (Arrived | undefined)[], boolean]>([
  ['sound comes, pictures do not', [at(9, 10), at(9, 20), at(9, 30)], true],
  ['never any picture came', [at(0, 10), at(0, 20), at(0, 30)], true],
  ['both come', [at(1, 10), at(2, 20), at(3, 30)], false],
  ['nothing comes at all: the path is gone', [at(9, 10), at(9, 10), at(9, 10)], false],
  ['no picture should come', [undefined, undefined, undefined], false],
  ['other pictures should come than before', [at(9, 10), at(9, 20), at(9, 30, 'b')], false],
  ['a picture came at last', [at(9, 10), at(9, 20), at(9, 30), at(10, 40)], false],
  ['it was only a second', [at(9, 10), at(9, 20)], false],
])('%s', (_, all, expected) => {
  expect(looks(all).at(-1)).toBe(expected);
});
