import { expect, test } from 'vitest';
import { failuresOf, one, sum, summaryLine, tallyOf } from './tally.ts';

test.each([
  [{ passed: 3, failed: 0, skipped: 0 }, '3 passed, 0 failed'],
  [{ passed: 3, failed: 1, skipped: 2 }, '3 passed, 1 failed, 2 skipped'],
])('the line for %j', (tally, line) => {
  expect(summaryLine(tally)).toBe(line);
});

test('tallies add up', () => {
  expect(sum([one(true), one(false), { passed: 5, failed: 1, skipped: 2 }])).toEqual({
    passed: 6,
    failed: 2,
    skipped: 2,
  });
  expect(sum([])).toEqual({ passed: 0, failed: 0, skipped: 0 });
});

const report = (passed: number, failed: number) =>
  JSON.stringify({ numPassedTests: passed, numFailedTests: failed, numPendingTests: 1, numTodoTests: 1 });

test.each([
  ['a good run', report(4, 0), 0, { passed: 4, failed: 0, skipped: 2 }],
  ['a failed test', report(4, 1), 1, { passed: 4, failed: 1, skipped: 2 }],
  ['an error outside of tests', report(4, 0), 1, { passed: 4, failed: 1, skipped: 2 }],
  ['no report', undefined, 124, { passed: 0, failed: 1, skipped: 0 }],
  ['half a report', '{"numPassed', 1, { passed: 0, failed: 1, skipped: 0 }],
])('%s', (_, text, status, tally) => {
  expect(tallyOf(text, status)).toEqual(tally);
});

test('what failed is named by its file', () => {
  const tests = [
    { fullName: 'a call rings', status: 'failed' },
    { fullName: 'a call ends', status: 'passed' },
  ];
  const testResults = [
    { name: '/weir/e2e/src/call.test.ts', status: 'failed', assertionResults: tests },
    { name: '/weir/e2e/src/broken.test.ts', status: 'failed', assertionResults: [] },
    { name: '/weir/e2e/src/good.test.ts', status: 'passed', assertionResults: tests.slice(1) },
  ];
  expect(failuresOf(JSON.stringify({ testResults }), '/weir')).toEqual([
    'e2e/src/call.test.ts > a call rings',
    'e2e/src/broken.test.ts',
  ]);
  expect(failuresOf(undefined, '/weir')).toEqual([]);
});
