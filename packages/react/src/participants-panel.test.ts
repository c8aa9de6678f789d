import { expect, test } from 'vitest';
import { isIn } from './participants-panel.tsx';

test.each([
  ['', 'Ada', true],
  ['ad', 'Ada Lovelace', true],
  [' LOVE', 'Ada Lovelace', true],
  ['jose', 'José Álvarez', true],
  ['álva', 'Jose Alvarez', true],
  ['xu', 'Ada', false],
])('%s finds %s: %s', (text, name, found) => {
  expect(isIn(text, name)).toBe(found);
});
