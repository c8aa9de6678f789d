import { expect, test } from 'vitest';
import { initials } from './avatar.tsx';

test.each([
  ['Ada Lovelace', 'AL'],
  ['ada', 'A'],
  ['Jean-Luc van der Berg', 'JB'],
  ['guest-7fk2', 'G7'],
  ['  Ørsted  ', 'Ø'],
  ['王 小明', '王小'],
  ['😀 Smile', '😀S'],
  ['', '?'],
  [' - ', '?'],
])('the initials of %j are %j', (name, expected) => {
  expect(initials(name)).toBe(expected);
});
