import { expect, test } from 'vitest';
import { nextArrangement, type StageMoment, shownOf } from './stage-arrangement.ts';

const everybody = ['you', 'a', 'b', 'c', 'd', 'e'];
const moment = (changes: Partial<StageMoment> = {}): StageMoment => ({
  speakers: [],
  lastSpokeAt: new Map(),
  visible: { start: 0, end: 4 },
  fixed: 'you',
  ...changes,
});

test('people stand in the order of joining', () => {
  expect(nextArrangement([], everybody, moment())).toEqual(everybody);
  expect(nextArrangement(everybody, [...everybody, 'f'], moment())).toEqual([...everybody, 'f']);
});

test('on one page they close up when somebody leaves', () => {
  const visible = { start: 0, end: 9 };
  expect(nextArrangement(everybody, ['you', 'a', 'c', 'd', 'e'], moment({ visible }))).toEqual([
    'you',
    'a',
    'c',
    'd',
    'e',
  ]);
});

test('on several pages only the free places change', () => {
  expect(nextArrangement(everybody, ['you', 'a', 'c', 'd', 'e'], moment())).toEqual([
    'you',
    'a',
    'e',
    'c',
    'd',
  ]);
  expect(nextArrangement([...everybody, 'f'], ['you', 'b', 'c', 'd', 'e'], moment())).toEqual([
    'you',
    'e',
    'b',
    'c',
    'd',
  ]);
});

test('a speaker who is not seen changes places with the one who is silent for longest', () => {
  const lastSpokeAt = new Map([
    ['a', 30],
    ['b', 10],
    ['c', 20],
  ]);
  expect(nextArrangement(everybody, everybody, moment({ speakers: ['e'], lastSpokeAt }))).toEqual([
    'you',
    'a',
    'e',
    'c',
    'd',
    'b',
  ]);
});

test('a speaker who is seen, or large, stays', () => {
  expect(nextArrangement(everybody, everybody, moment({ speakers: ['c', 'a'] }))).toEqual(everybody);
  expect(
    nextArrangement(everybody, everybody, moment({ speakers: ['e'], main: 'e', mainBefore: 'e' })),
  ).toEqual(everybody);
});

test('speakers come to the page that is looked at', () => {
  const visible = { start: 4, end: 6 };
  expect(nextArrangement(everybody, everybody, moment({ speakers: ['a'], visible }))).toEqual([
    'you',
    'e',
    'b',
    'c',
    'd',
    'a',
  ]);
});

test('you and those who speak now are never moved', () => {
  const visible = { start: 0, end: 2 };
  expect(nextArrangement(everybody, everybody, moment({ speakers: ['a', 'e'], visible }))).toEqual(everybody);
});

test('who becomes large changes places with who was: no other tile moves', () => {
  const before = nextArrangement(everybody, everybody, moment({ main: 'a', mainBefore: undefined }));
  const after = nextArrangement(before, everybody, moment({ main: 'd', mainBefore: 'a' }));
  const strip = (order: readonly string[], main: string) => order.filter((id) => id !== main);
  expect(strip(before, 'a')).toEqual(['you', 'b', 'c', 'd', 'e']);
  expect(strip(after, 'd')).toEqual(['you', 'b', 'c', 'a', 'e']);
});

test('the same moment twice changes nothing more', () => {
  const now = moment({ speakers: ['e', 'd'], main: 'b', mainBefore: 'b' });
  const once = nextArrangement(everybody, everybody, now);
  expect(nextArrangement(once, everybody, now)).toEqual(once);
});

test('whoever is absent keeps the place: the others close up, and move back', () => {
  const now = moment({ visible: { start: 0, end: 9 }, absent: new Set(['b']) });
  const order = nextArrangement(everybody, everybody, now);
  expect(shownOf(order, now)).toEqual(['you', 'a', 'c', 'd', 'e']);
  expect(shownOf(order, { ...now, absent: new Set() })).toEqual(everybody);
});

test('on several pages only the place of whoever is absent changes', () => {
  const now = moment({ absent: new Set(['b']) });
  const order = nextArrangement(everybody, everybody, now);
  expect(shownOf(order, now)).toEqual(['you', 'a', 'e', 'c', 'd']);
  expect(shownOf(order, moment())).toEqual(everybody);
});

test('a speaker who is not seen still comes into sight while somebody is absent', () => {
  const now = moment({
    absent: new Set(['b']),
    speakers: ['d'],
    lastSpokeAt: new Map([
      ['a', 1],
      ['e', 2],
    ]),
  });
  const before = shownOf(everybody, now);
  const after = shownOf(nextArrangement(everybody, everybody, now), now);
  expect(before.slice(0, 4)).toEqual(['you', 'a', 'e', 'c']);
  expect(after).toEqual(['you', 'a', 'e', 'd', 'c']);
});
