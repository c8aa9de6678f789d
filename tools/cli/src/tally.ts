import { relative } from 'node:path';

/** How many tests had which outcome. */
export type Tally = { passed: number; failed: number; skipped: number };

export const nothing: Tally = { passed: 0, failed: 0, skipped: 0 };

export function one(passed: boolean): Tally {
  return passed ? { ...nothing, passed: 1 } : { ...nothing, failed: 1 };
}

export function sum(tallies: Tally[]): Tally {
  return tallies.reduce(
    (a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }),
    nothing,
  );
}

/** The line that ends a test run. */
export function summaryLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/**
 * The tally in the text of Vitest's JSON report. A run that failed without a failed test (a file that does not load,
 * an error outside of tests, no report at all) counts as one failure more.
 */
export function tallyOf(report: string | undefined, status: number): Tally {
  const counts = parse(report);
  const tally = {
    passed: counts.numPassedTests ?? 0,
    failed: counts.numFailedTests ?? 0,
    skipped: (counts.numPendingTests ?? 0) + (counts.numTodoTests ?? 0),
  };
  return status !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
}

/** `path > test` of each failed test in Vitest's JSON report, and the files that did not load. */
export function failuresOf(report: string | undefined, root: string): string[] {
  return (parse(report).testResults ?? []).flatMap(({ name, status, assertionResults }) => {
    const path = relative(root, name);
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (failed.length === 0 && status === 'failed') return [path];
    return failed.map(({ fullName }) => `${path} > ${fullName}`);
  });
}

type Report = {
  numPassedTests?: number;
  numFailedTests?: number;
  numPendingTests?: number;
  numTodoTests?: number;
  testResults?: { name: string; status: string; assertionResults: { fullName: string; status: string }[] }[];
};

function parse(report: string | undefined): Report {
  try {
    return JSON.parse(report ?? '{}');
  } catch {
    return {};
  }
}
