import { words as resultsEnglish } from '@weir/client/preflight';
import { wordsDe as resultsDe } from '@weir/client/preflight/words-de';
import { words as callEnglish } from '@weir/react';
import { wordsDe } from '@weir/react/words-de';
import { expect, test } from 'vitest';
import { bestLanguage } from './language.ts';
import { english as testEnglish } from './preflight-words.ts';
import { german as testGerman } from './preflight-words-de.ts';
import { english } from './words.ts';
import { german } from './words-de.ts';

test.each([
  [['de-AT', 'en'], 'de'],
  [['fr', 'de'], 'de'],
  [[undefined, 'EN-us'], 'en'],
  [['fr'], 'en'],
  [['toString'], 'en'],
  [[], 'en'],
])('of %s the page speaks %s', (wanted, language) => {
  expect(bestLanguage(wanted)).toBe(language);
});

test.each([
  ['the app', english, german],
  ['the call', callEnglish, wordsDe],
  ['the connection test', testEnglish, testGerman],
  ['its results', resultsEnglish, resultsDe],
])('every word of %s is said in German too', (_, from, to) => {
  const same: string[] = [];
  const compare = (path: string, a: unknown, b: unknown) => {
    expect(typeof b, path).toBe(typeof a);
    if (typeof a === 'string' && a === b) same.push(a);
    if (typeof a !== 'object' || a === null) return;
    expect(Object.keys(b as object).sort(), path).toEqual(Object.keys(a).sort());
    for (const key of Object.keys(a))
      compare(`${path}.${key}`, (a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]);
  };
  compare('words', from, to);
  const international = [
    ...['Weir', 'Chat', 'Details', 'Jitter', 'Codec', 'Computer', 'Browser', 'WebRTC', 'WebSocket'],
    ...['Host', 'Port', 'Relay', ''],
  ];
  expect(same.filter((word) => !international.includes(word))).toEqual([]);
});
