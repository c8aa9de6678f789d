import { expect, test } from 'vitest';
import { nextSelection } from './stage-selection.ts';

const nobody = new Map<string, number>();
const everybody = ['you', 'a', 'b', 'c', 'd', 'e'];

test('everybody is on a stage that is large enough, in their own order', () => {
  expect(nextSelection(['b', 'a'], everybody, [], nobody, 6)).toEqual(everybody);
});

test('the first who came fill a small stage', () => {
  expect(nextSelection([], everybody, [], nobody, 4)).toEqual(['you', 'a', 'b', 'c']);
});

test('nobody changes place when somebody off the stage joins or leaves', () => {
  const before = ['you', 'a', 'b', 'c'];
  expect(nextSelection(before, [...everybody, 'f'], [], nobody, 4)).toEqual(before);
  expect(nextSelection(before, ['you', 'a', 'b', 'c', 'e'], [], nobody, 4)).toEqual(before);
});

test('who waits takes the place that became free', () => {
  expect(nextSelection(['you', 'a', 'b', 'c'], ['you', 'a', 'c', 'd', 'e'], [], nobody, 4)).toEqual([
    'you',
    'a',
    'c',
    'd',
  ]);
});

test('a speaker who is not seen replaces the one who is silent for longest, in that place', () => {
  const spoke = new Map([
    ['a', 30],
    ['b', 10],
    ['c', 20],
    ['e', 40],
  ]);
  expect(nextSelection(['you', 'a', 'b', 'c'], everybody, ['e'], spoke, 4)).toEqual(['you', 'a', 'e', 'c']);
});

test('a speaker who is seen already stays where it is', () => {
  const before = ['you', 'a', 'b', 'c'];
  expect(nextSelection(before, everybody, ['c', 'a'], nobody, 4)).toEqual(before);
});

test('you and those who speak now are never replaced', () => {
  expect(nextSelection(['you', 'a'], everybody, ['a', 'e'], nobody, 2)).toEqual(['you', 'a']);
  expect(nextSelection(['you'], everybody, ['e'], nobody, 1)).toEqual(['you']);
});

test('a smaller window keeps the first of those who were seen', () => {
  expect(nextSelection(['you', 'a', 'e', 'c'], everybody, [], nobody, 3)).toEqual(['you', 'a', 'e']);
});
