import { existsSync, globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';

/** One package of the checkout, as far as arrows are concerned. */
export type Workspace = {
  /** Its folder in the checkout, like `services/sfu`. */
  folder: string;
  name: string;
  /** Our own packages among its dependencies. */
  dependencies: string[];
  /** The folders that its tsconfig references. */
  references: string[];
  /** What its sources import: our packages by name, and relative paths that leave the folder, as written. */
  imports: { file: string; specifier: string }[];
};

const scope = '@weir/';

// Who may use whom, by the first part of the folder. `packages/core` uses nothing.
const allowed: Record<string, string[]> = {
  packages: ['packages'],
  services: ['packages'],
  apps: ['packages'],
  tools: ['packages', 'services', 'apps', 'tools'],
  e2e: ['packages', 'services', 'apps', 'tools'],
};

/** What breaks the rule that arrows between packages point one way, each named in package.json and tsconfig.json. */
export async function arrowFaults(checkout: string): Promise<string[]> {
  return findFaults(await readWorkspaces(checkout));
}

/** The same over workspaces that were read already. */
export function findFaults(workspaces: Workspace[]): string[] {
  const folders = new Map(workspaces.map(({ name, folder }) => [name, folder]));
  return workspaces.flatMap(({ folder, dependencies, references, imports }) => {
    const faults: string[] = [];
    for (const name of dependencies) {
      const target = folders.get(name);
      if (!target) faults.push(`${folder}/package.json: there is no package ${name}`);
      else if (!mayUse(folder, target))
        faults.push(`${folder}/package.json: ${folder} must not use ${target}`);
    }
    const wanted = dependencies.map((name) => folders.get(name) ?? name);
    for (const target of wanted)
      if (!references.includes(target)) faults.push(`${folder}/tsconfig.json: no reference to ${target}`);
    for (const target of references)
      if (!wanted.includes(target))
        faults.push(`${folder}/tsconfig.json: ${target} is referenced but no dependency in package.json`);
    for (const { file, specifier } of imports) {
      if (!specifier.startsWith(scope))
        faults.push(`${file}: import of ${specifier} leaves the package: use its name`);
      else if (!dependencies.includes(packageName(specifier)))
        faults.push(`${file}: import of ${specifier}, which is no dependency in ${folder}/package.json`);
    }
    return faults;
  });
}

function mayUse(from: string, to: string): boolean {
  if (from === 'packages/core') return false;
  return allowed[kind(from)]?.includes(kind(to)) ?? false;
}

function kind(folder: string): string {
  return folder.split('/')[0] ?? '';
}

function packageName(specifier: string): string {
  return specifier.split('/').slice(0, 2).join('/');
}

/** Every workspace that the root package.json lists. */
export async function readWorkspaces(checkout: string): Promise<Workspace[]> {
  const patterns: string[] = (await readJson(join(checkout, 'package.json'))).workspaces;
  const manifests = globSync(
    patterns.map((p) => `${p}/package.json`),
    { cwd: checkout },
  );
  return Promise.all(manifests.sort().map((manifest) => readWorkspace(checkout, dirname(manifest))));
}

async function readWorkspace(checkout: string, folder: string): Promise<Workspace> {
  const manifest = await readJson(join(checkout, folder, 'package.json'));
  const tsconfigFile = join(checkout, folder, 'tsconfig.json');
  const tsconfig = existsSync(tsconfigFile) ? await readJson(tsconfigFile) : {};
  const references: { path: string }[] = tsconfig.references ?? [];
  return {
    folder,
    name: manifest.name,
    dependencies: Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).filter(isOurs),
    references: references.map(({ path }) => relative(checkout, resolve(checkout, folder, path))),
    imports: await readImports(checkout, folder),
  };
}

function isOurs(name: string): boolean {
  return name.startsWith(scope);
}

async function readImports(checkout: string, folder: string): Promise<Workspace['imports']> {
  const files = globSync(`${folder}/src/**/*.{ts,tsx}`, { cwd: checkout });
  const imports = files.map(async (file) =>
    importsOf(await readFile(join(checkout, file), 'utf8'))
      .filter((specifier) => isOurs(specifier) || leaves(folder, file, specifier))
      .map((specifier) => ({ file, specifier })),
  );
  return (await Promise.all(imports)).flat();
}

function leaves(folder: string, file: string, specifier: string): boolean {
  return specifier.startsWith('.') && relative(folder, join(dirname(file), specifier)).startsWith('..');
}

/** The specifiers of a formatted source's imports: static, re-exported and dynamic. */
export function importsOf(source: string): string[] {
  const statics = source.matchAll(/^(?:import|export|\})(?:.*\bfrom)? '([^']+)'/gm);
  const dynamics = source.matchAll(/\bimport\('([^']+)'\)/g);
  return [...statics, ...dynamics].map((match) => match[1]!);
}

async function readJson(file: string) {
  return JSON.parse(await readFile(file, 'utf8'));
}
