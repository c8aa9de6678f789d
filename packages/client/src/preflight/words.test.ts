import { expect, test } from 'vitest';
import { runPreflight } from './preflight.ts';
import { reportText } from './report-text.ts';
import { type PreflightWords, words } from './words.ts';
import { wordsDe } from './words-de.ts';

const both = Object.entries(words.checks) as [
  keyof PreflightWords['checks'],
  { title: string; text: string },
][];

test('in German each finding is said in other words, and explained where it is in English', () => {
  for (const [code, english] of both) {
    const german = wordsDe.checks[code];
    expect(german.title, code).not.toBe(english.title);
    expect(Boolean(german.text), code).toBe(Boolean(english.text));
  }
});

test('a run speaks the language that it is given, under the same codes', async () => {
  const nobody = 'http://127.0.0.1:9';
  const [english, german] = await Promise.all([
    runPreflight({ url: nobody }),
    runPreflight({ url: nobody, words: wordsDe }),
  ]);
  const findings = ({ checks }: typeof english) => checks.map(({ id, code, status }) => [id, code, status]);
  expect(findings(german)).toEqual(findings(english));
  expect(german.checks.find(({ id }) => id === 'service')).toMatchObject({
    code: 'service-unreachable',
    title: 'Der Dienst ist nicht erreichbar',
    details: expect.arrayContaining([['Adresse', nobody]]),
  });
  expect(german.verdict).toEqual({ level: 'nothing', ...wordsDe.verdicts.nothing });
  expect(reportText(german, wordsDe)).toMatch(/^Verbindungstest von http:.*, \d+,\d s\nAnrufe werden/);
});
