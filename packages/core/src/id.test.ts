import { expect, test } from 'vitest';
import { newId, newSecret } from './id.ts';

test('an id is its prefix and enough random characters of base 32', () => {
  expect(newId('p')).toMatch(/^p_[0-9a-hjkmnp-tv-z]{20}$/);
  expect(newId('inc', 60)).toMatch(/^inc_[0-9a-hjkmnp-tv-z]{12}$/);
  expect(newId('x', 1)).toMatch(/^x_.$/);
});

test('a secret holds 160 bits', () => {
  expect(newSecret()).toMatch(/^s_[0-9a-hjkmnp-tv-z]{32}$/);
});

test('ids differ, and use all of the alphabet evenly', () => {
  const ids = Array.from({ length: 5_000 }, () => newId('p'));
  expect(new Set(ids).size).toBe(ids.length);
  const counts = new Map<string, number>();
  for (const id of ids) for (const char of id.slice(2)) counts.set(char, (counts.get(char) ?? 0) + 1);
  expect(counts.size).toBe(32);
  // 100,000 characters, 3,125 of each expected, standard deviation 55: ten of them never happen by chance.
  for (const count of counts.values()) expect(Math.abs(count - 3_125)).toBeLessThan(550);
});
