import { expect, test } from 'vitest';
import { absentAfterMs, absentees, missingSince } from './stage-absence.ts';

const others = ['a', 'b', 'c'];
const late = absentAfterMs;

test.each<[string, [string, number][], number, string[]]>([
  ['nobody is missing', [], late, []],
  ['a short absence moves nobody', [['a', 0]], late - 1, []],
  ['who is missing for long gives up the place', [['a', 0]], late, ['a']],
  [
    'each by their own time',
    [
      ['a', 0],
      ['b', 10],
    ],
    late,
    ['a'],
  ],
  ['nobody does when nobody would be left', others.map((id) => [id, 0]), late, []],
])('%s', (_, since, now, expected) => {
  expect([...absentees(others, new Map(since), now)]).toEqual(expected);
});

test('who was back begins anew', () => {
  const first = missingSince(new Map(), ['a', 'b'], 10);
  const later = missingSince(first, ['a'], 20);
  expect([...later]).toEqual([['a', 10]]);
  expect([...missingSince(later, ['a', 'b'], 30)]).toEqual([
    ['a', 10],
    ['b', 30],
  ]);
});
