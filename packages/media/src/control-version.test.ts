import { expect, test } from 'vitest';
import { commonVersion } from './control-version.ts';

test.each([
  ['1', { oldest: 1, newest: 1 }, 1],
  ['1-2', { oldest: 1, newest: 1 }, 1],
  ['1', { oldest: 1, newest: 2 }, 1],
  ['1-2', { oldest: 1, newest: 2 }, 2],
  ['2-3', { oldest: 1, newest: 2 }, 2],
  ['2', { oldest: 1, newest: 1 }, undefined],
  ['1', { oldest: 2, newest: 3 }, undefined],
  [undefined, { oldest: 1, newest: 2 }, 1],
  ['newest', { oldest: 1, newest: 2 }, undefined],
  ['1-', { oldest: 1, newest: 2 }, undefined],
])('[MC21] who says %s to a side that speaks %o: %s', (said, own, common) => {
  expect(commonVersion(said, own)).toBe(common);
});
