import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PlatformError } from '@weir/core';
import { checkout } from './folders.ts';
import { runProcess } from './run-process.ts';

const buildMs = 300_000;
/** What the built pages are made of. */
const sources = ['apps/meet/*.*', 'apps/meet/src/**/*.*', 'packages/{react,client,protocol,core}/src/**/*.*'];
const built = 'apps/meet/dist/index.html';

/** Builds the web app when it is not built, or its sources have changed since. Throws `wrong-state` when it does not build. */
export async function ensureWebApp(): Promise<void> {
  if (isCurrent(built, sources, checkout)) return;
  process.stderr.write('weir: building the web app …\n');
  const { status, output } = await runProcess('npm', ['run', 'build', '-w', '@weir/meet'], {
    timeoutMs: buildMs,
  });
  if (status !== 0) throw new PlatformError('wrong-state', `the web app does not build:\n${output.trim()}`);
}

/** Whether `file` is there and newer than all that `patterns` match; all in `folder`. */
export function isCurrent(file: string, patterns: string[], folder: string): boolean {
  const changedMs = (name: string) => statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const builtMs = changedMs(file);
  return builtMs > 0 && globSync(patterns, { cwd: folder }).every((name) => changedMs(name) <= builtMs);
}
