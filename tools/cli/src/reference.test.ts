import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { declarationsIn } from './declarations.ts';
import { referenceFolder, referencePages } from './reference.ts';

test('[J3] the API reference is up to date: ./weir reference writes it', { timeout: 240_000 }, async () => {
  const pages = await referencePages();
  expect(await readdir(referenceFolder)).toEqual([...pages.keys()].sort());
  for (const [file, text] of pages) expect(await readFile(join(referenceFolder, file), 'utf8')).toBe(text);
  expect(pages.get('client.md')).toContain('### Room\n\nA room to join');
});

test('declarations are read with their doc comments, without what callers cannot use', () => {
  const text = `import type { Z } from './z.ts';
/** Not exported. */
declare const hidden: number;
/**
 * Counts,
 * and tells.
 */
export declare class Counter extends Base {
    #private;
    /** How many. */
    get count(): number;
    add(options?: {
        by?: number;
    }): void;
}
export type Way = {
    kind: 'a }';
} | {
    kind: 'b';
};
/** As a number. */
export declare function parse(text: string): number;
export {};
`;
  expect(declarationsIn(text)).toEqual([
    {
      name: 'Counter',
      kind: 'class',
      doc: 'Counts,\nand tells.',
      text: 'class Counter extends Base {\n  /** How many. */\n  get count(): number;\n  add(options?: {\n    by?: number;\n  }): void;\n}',
    },
    { name: 'Way', kind: 'type', doc: '', text: "type Way = {\n  kind: 'a }';\n} | {\n  kind: 'b';\n};" },
    { name: 'parse', kind: 'function', doc: 'As a number.', text: 'function parse(text: string): number;' },
  ]);
});
