import { join } from 'node:path';
import { arrowFaults } from './arrows.ts';
import { checkout } from './folders.ts';
import { parseOptions } from './options.ts';
import { runProcess } from './run-process.ts';
import { one, sum, summaryLine, type Tally } from './tally.ts';

const timeoutMs = 300_000;
const bin = (name: string) => join(checkout, 'node_modules', '.bin', name);

/** Lint and format, types and package arrows. */
export async function run(args: string[]): Promise<number> {
  parseOptions(args, {});
  const tally = await checkAll();
  process.stdout.write(`${summaryLine(tally)}\n`);
  return tally.failed > 0 ? 1 : 0;
}

/** Runs the three checks in parallel and prints each one's outcome as it ends; each counts as a test. */
export async function checkAll(): Promise<Tally> {
  return sum(
    await Promise.all([
      check('lint', () => tool('biome', ['check', '--error-on-warnings', '--colors=off'])),
      check('types', () => tool('tsc', ['--build'])),
      check('arrows', () => arrowFaults(checkout)),
    ]),
  );
}

async function tool(name: string, args: string[]): Promise<string[]> {
  const { status, output } = await runProcess(bin(name), args, { timeoutMs });
  return status === 0 ? [] : [output.trim() || `${name} ended with status ${status}`];
}

async function check(name: string, findFaults: () => Promise<string[]>): Promise<Tally> {
  const started = performance.now();
  const faults = await findFaults();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${faults.length === 0 ? '✓' : '✗'} ${name} (${seconds} s)\n`);
  for (const fault of faults) process.stdout.write(`${fault.replace(/^/gm, '  ')}\n`);
  return one(faults.length === 0);
}
