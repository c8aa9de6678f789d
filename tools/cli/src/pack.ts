import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PlatformError } from '@weir/core';
import { checkout } from './folders.ts';
import { parseOptions } from './options.ts';
import { type PackageManifest, publishedManifest } from './published-manifest.ts';
import { runProcess } from './run-process.ts';

/** What pages need, each after what it needs itself. */
const published = ['core', 'protocol', 'client', 'react'] as const;
const compileMs = 180_000;
const packMs = 60_000;
const bin = (name: string) => join(checkout, 'node_modules', '.bin', name);

/** Packs the packages for pages into npm tarballs and prints their paths. */
export async function run(args: string[]): Promise<number> {
  const { values } = parseOptions(args, {
    out: { type: 'string', default: join(checkout, '.weir', 'packages') },
  });
  for (const tarball of await packAll(values.out)) process.stdout.write(`${tarball}\n`);
  return 0;
}

/**
 * Builds what can be published to npm: JavaScript modules and types of each package, as one tarball each in `out`, whose
 * paths are answered. Throws `wrong-state` when something does not build.
 */
export async function packAll(out: string): Promise<string[]> {
  await tool(bin('tsc'), ['--build'], compileMs); // The packages' types, which the others are compiled against.
  await mkdir(out, { recursive: true });
  return Promise.all(published.map((name) => packOne(name, out)));
}

async function packOne(name: string, out: string): Promise<string> {
  const source = join(checkout, 'packages', name);
  const staging = join(out, name);
  await rm(staging, { recursive: true, force: true });
  await compile(source, join(staging, 'dist'));
  const read = async (file: string) => JSON.parse(await readFile(file, 'utf8')) as PackageManifest;
  const manifest = publishedManifest(await read(join(source, 'package.json')));
  await writeFile(join(staging, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await cp(join(checkout, 'LICENSE'), join(staging, 'LICENSE'));
  await cp(join(source, 'README.md'), join(staging, 'README.md')).catch(() => {}); // Not each has one.
  const printed = await tool(
    'npm',
    ['pack', staging, '--pack-destination', out, '--json', '--silent'],
    packMs,
  );
  return join(out, tarballName(printed));
}

/** Modules beside their types; styles as they are; no tests. */
async function compile(source: string, dist: string): Promise<void> {
  // biome-ignore format: one option a line says less.
  const options = ['--emitDeclarationOnly', 'false', '--composite', 'false', '--incremental', 'false', '--tsBuildInfoFile', 'null', '--declaration', '--declarationMap', 'false'];
  const compiled = `${dist}.all`;
  await rm(compiled, { recursive: true, force: true });
  await tool(bin('tsc'), ['-p', source, ...options, '--outDir', compiled], compileMs);
  await cp(compiled, dist, {
    recursive: true,
    filter: (path) => !/\.(test|fixture|properties)\./.test(path),
  });
  await rm(compiled, { recursive: true });
  await nameModules(dist);
  await cp(join(source, 'src'), dist, { recursive: true, filter: (path) => !/\.tsx?$/.test(path) });
}

/** Types name modules by their sources; beside built ones that is another name. */
async function nameModules(dist: string): Promise<void> {
  const files = await readdir(dist, { recursive: true });
  await Promise.all(
    files
      .filter((file) => file.endsWith('.d.ts'))
      .map(async (file) => {
        const types = await readFile(join(dist, file), 'utf8');
        await writeFile(
          join(dist, file),
          types.replaceAll(/((?:from |import\()['"]\.{1,2}\/[^'"]*)\.tsx?(?=['"])/g, '$1.js'),
        );
      }),
  );
}

async function tool(command: string, args: string[], timeoutMs: number): Promise<string> {
  const { status, output } = await runProcess(command, args, { timeoutMs });
  if (status !== 0)
    throw new PlatformError('wrong-state', `${command} ${args.join(' ')} failed:\n${output.trim()}`);
  return output;
}

/** npm answers a list, or an object by package name, as its versions differ. */
function tarballName(printed: string): string {
  const answer = JSON.parse(printed) as { filename: string }[] | Record<string, { filename: string }>;
  return Object.values(answer)[0]!.filename;
}
