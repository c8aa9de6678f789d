import { expect, test } from 'vitest';
import { counting, localeOf } from './counting.ts';

test.each([
  [0, '0 people'],
  [1, '1 person'],
  [2, '2 people'],
])('%i is told as %s', (number, told) => {
  expect(counting('en')(number, { one: 'person', other: 'people' })).toBe(told);
});

test('numbers are written as the language does', () => {
  expect(counting('de')(1_200, { one: 'Person', other: 'Personen' })).toBe('1.200 Personen');
});

test('the reader’s own region of the language', () => {
  expect(localeOf('en', ['de-DE', 'en-GB'])).toBe('en-GB');
  expect(localeOf('de', ['en-GB'])).toBe('de');
});
