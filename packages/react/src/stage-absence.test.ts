import { expect, test } from 'vitest';
import { absentAfterMs, absentees, awaySince } from './stage-absence.ts';

const ids = ['a', 'b', 'c'];
const late = absentAfterMs;

test.each<[string, [string, number][], string[], number, string[]]>([
  ['nobody is away', [], [], late, []],
  ['a short absence moves nobody', [['a', 0]], [], late - 1, []],
  ['who is away for long gives up the place', [['a', 0]], [], late, ['a']],
  ['not while a picture moves', [['a', 0]], ['a'], 10 * late, []],
  [
    'each by their own time',
    [
      ['a', 0],
      ['b', 10],
    ],
    [],
    late,
    ['a'],
  ],
  ['nobody does when nobody would be left', ids.map((id) => [id, 0]), [], late, []],
])('%s', (_, since, live, now, expected) => {
  const others = ids.map((id) => ({ id, live: live.includes(id) }));
  expect([...absentees(others, new Map(since), now)]).toEqual(expected);
});

test('who was back begins anew', () => {
  const first = awaySince(new Map(), ['a', 'b'], 10);
  const later = awaySince(first, ['a'], 20);
  expect([...later]).toEqual([['a', 10]]);
  expect([...awaySince(later, ['a', 'b'], 30)]).toEqual([
    ['a', 10],
    ['b', 30],
  ]);
});
