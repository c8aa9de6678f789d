import { type ErrorCode, errorTable, PlatformError } from '@weir/core';
import { expect, test } from 'vitest';
import { endWords } from './ended-page.tsx';
import { words } from './words.ts';

const codes = Object.keys(errorTable) as ErrorCode[];

test.each(codes)('the end of a call by %s has words', (code) => {
  const { title, text } = endWords(new PlatformError(code, 'x'));
  expect(title).not.toBe('');
  expect(text).toMatch(/\.$/);
});

test.each<[ErrorCode, keyof typeof words.ends]>([
  ['removed', 'removed'],
  ['room-ended', 'room-ended'],
  ['lobby-refused', 'lobby-refused'],
  ['session-replaced', 'session-replaced'],
  ['forbidden', 'forbidden'],
  ['connection-lost', 'network'],
  ['timeout', 'network'],
  ['internal', 'other'],
])('%s is told in the words of %s', (code, key) => {
  expect(endWords(new PlatformError(code, 'x'))).toBe(words.ends[key]);
});

test('who was removed or has no access is not asked to try again', () => {
  for (const code of ['removed', 'forbidden', 'unauthenticated', 'token-expired'] as const)
    expect(endWords(new PlatformError(code, 'x')).again).toBeUndefined();
});
