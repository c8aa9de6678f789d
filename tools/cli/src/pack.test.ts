import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { codeBlocks, type TempDir, tempDir } from '@weir/testing';
import { build, type Rolldown } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkout } from './folders.ts';
import { packAll } from './pack.ts';
import { runProcess } from './run-process.ts';

const slowMs = 400_000;
/** What a page with a room, engine and all, may weigh compressed. Raise it knowingly, and docs/dependencies.md with it. */
const ceilings = { client: 66_000, withPreflight: 78_000 };

const react = JSON.parse(await readFile(join(checkout, 'packages/react/package.json'), 'utf8'));

const quickstart = codeBlocks(await readFile(join(checkout, 'docs/quickstart.md'), 'utf8'));
const page = quickstart.get('main.ts')!;
/** Not spelled out in an import: this package itself does not use it. */
const sdk = '@weir/client';
const preflightPage = `${page}
import { runPreflight } from '${sdk}/preflight';
console.log((await runPreflight()).verdict?.level.toUpperCase());
`;
const germanPage = `${preflightPage}
import { wordsDe } from '${sdk}/preflight/words-de';
console.log((await runPreflight({ words: wordsDe })).verdict?.title.toUpperCase());
`;
const reactPage = quickstart.get('main.tsx')!;
/** Must not compile: the types are there, and not `any`. */
const wrongPage = `
import { Room } from '${sdk}';
new Room({ token: 5 });
`;

let project: TempDir;
const at = (...names: string[]) => join(project.path, ...names);

beforeAll(async () => {
  project = await tempDir();
  const tarballs = await packAll(at('tarballs'));
  const dependencies = Object.fromEntries(
    tarballs.map((path) => [`@weir/${/weir-([a-z]+)-/.exec(path)![1]}`, `file:${path}`]),
  );
  for (const name of ['react', 'react-dom']) dependencies[name] = react.dependencies[name];
  for (const name of ['@types/react', '@types/react-dom']) dependencies[name] = react.devDependencies[name];
  const manifest = { name: 'page', private: true, type: 'module', dependencies };
  await writeFile(at('package.json'), JSON.stringify(manifest));
  await mkdir(at('src'));
  const pages = {
    'page.ts': page,
    'preflight.ts': preflightPage,
    'german.ts': germanPage,
    'react.tsx': reactPage,
    'wrong.ts': wrongPage,
  };
  for (const [name, text] of Object.entries(pages)) await writeFile(at('src', name), text);
  const install = [
    'install',
    '--prefix',
    project.path,
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
  ];
  const { status, output } = await runProcess('npm', install, { timeoutMs: slowMs });
  if (status !== 0) throw new Error(output);
}, slowMs);
afterAll(() => project?.[Symbol.asyncDispose]());

function typeCheck(...files: string[]) {
  // biome-ignore format: one option a line says less.
  const options = ['--ignoreConfig', '--noEmit', '--strict', '--target', 'es2023', '--module', 'esnext', '--moduleResolution', 'bundler', '--jsx', 'react-jsx', '--types', '', '--typeRoots', at('node_modules/@types'), '--lib', 'es2024,dom,dom.iterable,esnext.disposable', '--noUncheckedSideEffectImports', 'false'];
  const paths = files.map((file) => at('src', file));
  return runProcess(join(checkout, 'node_modules/.bin/tsc'), [...options, ...paths], { timeoutMs: slowMs });
}

/** The page's script as browsers load it, compressed. */
async function gzipBytes(file: string): Promise<number> {
  const built = (await build({
    root: project.path,
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      target: 'es2023',
      modulePreload: false,
      rolldownOptions: { input: at('src', file) },
    },
  })) as Rolldown.RolldownOutput;
  return built.output.reduce(
    (sum, chunk) => sum + (chunk.type === 'chunk' ? gzipSync(chunk.code).length : 0),
    0,
  );
}

describe('[J3] the packed packages, in a fresh project', () => {
  test('have types that fit, and that catch a mistake', { timeout: slowMs }, async () => {
    const { output } = await typeCheck('page.ts', 'preflight.ts', 'german.ts', 'react.tsx');
    expect(output).toBe('');
    const wrong = await typeCheck('wrong.ts');
    expect(wrong.output).toMatch(/wrong\.ts\(3,\d+\): error TS2322: Type 'number'/);
  });

  test('build, and weigh no more than they should', { timeout: slowMs }, async () => {
    const client = await gzipBytes('page.ts');
    const withPreflight = await gzipBytes('preflight.ts');
    console.log(`gzip: a page with a room ${client} B, with the connection test ${withPreflight} B`);
    expect(client).toBeGreaterThan(20_000);
    expect(client).toBeLessThan(ceilings.client);
    expect(withPreflight).toBeGreaterThan(client);
    expect(withPreflight).toBeLessThan(ceilings.withPreflight);
    // Only those who speak a language load it.
    expect(await gzipBytes('german.ts')).toBeGreaterThan(withPreflight + 1_000);
    expect(await gzipBytes('react.tsx')).toBeGreaterThan(client);
  });
});
