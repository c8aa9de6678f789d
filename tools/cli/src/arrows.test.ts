import { expect, test } from 'vitest';
import { findFaults, importsOf, readWorkspaces, type Workspace } from './arrows.ts';
import { checkout } from './folders.ts';

function workspace(folder: string, dependencies: string[] = [], more: Partial<Workspace> = {}): Workspace {
  const references = dependencies.map((name) => folderOf[name.slice('@weir/'.length)]!);
  return {
    folder,
    name: `@weir/${folder.split('/').at(-1)}`,
    dependencies,
    references,
    imports: [],
    ...more,
  };
}

const folderOf: Record<string, string> = {
  core: 'packages/core',
  auth: 'packages/auth',
  sfu: 'services/sfu',
  signaling: 'services/signaling',
  meet: 'apps/meet',
  cli: 'tools/cli',
  e2e: 'e2e',
};

/** The faults of `subject` beside one plain package in each other folder. */
function faultsOf(subject: Workspace): string[] {
  const others = Object.values(folderOf).filter((folder) => folder !== subject.folder);
  return findFaults([...others.map((folder) => workspace(folder)), subject]);
}

test.each([
  ['packages/auth', '@weir/core'],
  ['services/sfu', '@weir/auth'],
  ['apps/meet', '@weir/auth'],
  ['tools/cli', '@weir/sfu'],
  ['e2e', '@weir/cli'],
])('%s may use %s', (folder, name) => {
  expect(faultsOf(workspace(folder, [name]))).toEqual([]);
});

test.each([
  ['packages/core', '@weir/auth'],
  ['packages/auth', '@weir/sfu'],
  ['services/sfu', '@weir/signaling'],
  ['services/sfu', '@weir/cli'],
  ['apps/meet', '@weir/sfu'],
  ['apps/meet', '@weir/cli'],
  ['tools/cli', '@weir/e2e'],
])('%s must not use %s', (folder, name) => {
  expect(faultsOf(workspace(folder, [name]))).toEqual([expect.stringContaining('must not use')]);
});

test.each<[string, Partial<Workspace>, string]>([
  [
    'an import that is no dependency',
    { imports: [{ file: 'x.ts', specifier: '@weir/core/rpc' }] },
    'x.ts: import of @weir/core/rpc',
  ],
  [
    'a path into another package',
    { imports: [{ file: 'x.ts', specifier: '../../core/src/id.ts' }] },
    'leaves the package',
  ],
  ['a reference that is no dependency', { references: ['packages/core'] }, 'is referenced but no dependency'],
  [
    'a dependency without a reference',
    { dependencies: ['@weir/core'], references: [] },
    'no reference to packages/core',
  ],
  [
    'a dependency on nothing',
    { dependencies: ['@weir/gone'], references: ['@weir/gone'] },
    'there is no package @weir/gone',
  ],
])('%s is a fault', (_, more, fault) => {
  expect(faultsOf(workspace('packages/auth', [], more))).toEqual([expect.stringContaining(fault)]);
});

test('imports are found in all their forms, and nowhere else', () => {
  const source = [
    "import '@weir/a';",
    "import { b } from '@weir/b';",
    "import type { c } from '@weir/c';",
    'import {',
    '  d,',
    "} from '@weir/d';",
    "export * from '@weir/e';",
    "export { type f } from '../f.ts';",
    `const g = await import('${'@weir/g'}');`, // Pieced together: this file is checked too.
    "// import { no } from '@weir/no';",
    " * import { no } from '@weir/no';",
    'const text = "from \'@weir/no\'";',
  ].join('\n');
  const found = ['@weir/a', '@weir/b', '@weir/c', '@weir/d', '@weir/e', '../f.ts', '@weir/g'];
  expect(importsOf(source)).toEqual(found);
});

test('the workspaces of this checkout are read with their imports', async () => {
  const workspaces = await readWorkspaces(checkout);
  const cli = workspaces.find(({ folder }) => folder === 'tools/cli');
  expect(cli).toMatchObject({ name: '@weir/cli', dependencies: expect.arrayContaining(['@weir/core']) });
  expect(cli!.references).toContain('packages/core');
  expect(cli!.imports).toContainEqual({ file: 'tools/cli/src/token.ts', specifier: '@weir/auth' });
});
