import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkAll } from './check.ts';
import { checkout } from './folders.ts';
import { parseOptions } from './options.ts';
import { runProcess } from './run-process.ts';
import { failuresOf, nothing, one, sum, summaryLine, type Tally, tallyOf } from './tally.ts';
import { ensureWebApp } from './web-app.ts';

/** Vitest's projects, one after the other, and how long each may take, ms. */
const projects = { unit: 1_800_000, e2e: 3_600_000, waiting: 1_200_000, measuring: 1_200_000 };

/** Checks, the web app's build, unit tests, end-to-end tests, those that wait and those that measure; the last line on stdout is the sum. */
export async function run(args: string[]): Promise<number> {
  const { positionals: filters } = parseOptions(args, {}, true);
  const tallies = filters.length === 0 ? [await checkAll()] : [];
  tallies.push(await buildWebApp());
  const failures: string[] = [];
  for (const project of Object.keys(projects) as (keyof typeof projects)[]) {
    const { tally, failed } = await runProject(project, filters);
    tallies.push(tally);
    failures.push(...failed);
  }
  for (const name of failures) process.stdout.write(`✗ ${name}\n`); // At the end, where they are found.
  const total = sum(tallies);
  if (filters.length > 0 && total.passed + total.failed + total.skipped === 0)
    process.stderr.write(`weir: no test's path contains ${filters.join(' or ')}\n`);
  process.stdout.write(`${summaryLine(total)}\n`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

/** The end-to-end tests open the built pages. Only a failure counts: a build is no test. */
async function buildWebApp(): Promise<Tally> {
  try {
    await ensureWebApp();
    return nothing;
  } catch (error) {
    process.stdout.write(`✗ ${(error as Error).message}\n`);
    return one(false);
  }
}

async function runProject(
  project: keyof typeof projects,
  filters: string[],
): Promise<{ tally: Tally; failed: string[] }> {
  const folder = join(checkout, '.weir', 'test');
  const report = join(folder, `${project}.json`);
  await mkdir(folder, { recursive: true });
  await rm(report, { force: true });
  const { status } = await runProcess(
    join(checkout, 'node_modules', '.bin', 'vitest'),
    // biome-ignore format: one option a line says less.
    ['run', '--project', project, '--passWithNoTests', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...filters],
    { timeoutMs: projects[project], show: true },
  );
  const text = await readFile(report, 'utf8').catch(() => undefined);
  const tally = tallyOf(text, status);
  const failed = failuresOf(text, checkout);
  if (tally.failed > 0 && failed.length === 0)
    failed.push(`${project} tests: an error outside of a test, status ${status}`);
  return { tally, failed };
}
