import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PlatformError } from '@weir/core';
import { exportsOf } from './declarations.ts';
import { checkout } from './folders.ts';
import { parseOptions } from './options.ts';
import { type ReferencePage, referencePage } from './reference-page.ts';
import { runProcess } from './run-process.ts';

const compileMs = 180_000;
export const referenceFolder = join(checkout, 'docs', 'reference');

/** Where each page of the reference comes from. */
const pages: ReferencePage[] = [
  {
    file: 'client.md',
    title: '@weir/client',
    text: 'The SDK for browsers. How to begin: [quick start](../quickstart.md).',
    entry: 'packages/client/.tsbuild/index.d.ts',
  },
  {
    file: 'preflight.md',
    title: '@weir/client/preflight',
    text: 'The [connection test](../preflight.md).',
    entry: 'packages/client/.tsbuild/preflight/index.d.ts',
  },
  {
    file: 'react.md',
    title: '@weir/react',
    text: 'Hooks and components for a room of [@weir/client](client.md).',
    entry: 'packages/react/.tsbuild/index.d.ts',
  },
];

/** Writes the API reference anew from the doc comments of the sources. */
export async function run(args: string[]): Promise<number> {
  parseOptions(args, {});
  await mkdir(referenceFolder, { recursive: true });
  for (const [file, text] of await referencePages()) await writeFile(join(referenceFolder, file), text);
  return 0;
}

/** The reference as it should be, by file. */
export async function referencePages(): Promise<Map<string, string>> {
  const { status, output } = await runProcess(join(checkout, 'node_modules/.bin/tsc'), ['--build'], {
    timeoutMs: compileMs,
  });
  if (status !== 0) throw new PlatformError('wrong-state', `the types do not build:\n${output}`);
  const read = (path: string) => readFile(join(checkout, path), 'utf8');
  const texts = await Promise.all(
    pages.map(async (page) => [page.file, referencePage(page, await exportsOf(page.entry, read))] as const),
  );
  return new Map(texts);
}
