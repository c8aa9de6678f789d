import { join } from 'node:path';

/** Something that a module exports, as the compiler wrote its types. */
export type Declaration = {
  name: string;
  kind: 'class' | 'function' | 'value' | 'type';
  /** Its doc comment without the marks; empty when it has none. */
  doc: string;
  /** The declaration without its doc comment. */
  text: string;
};

type Read = (path: string) => Promise<string>;

/** The declarations behind the export list of a `.d.ts` file of the checkout, in its order. */
export async function exportsOf(entry: string, read: Read): Promise<Declaration[]> {
  const declarations = exportList(await read(entry)).flatMap(({ names, from }) =>
    names.map((name) => declarationOf(name, sourceOf(from, entry), read)),
  );
  return (await Promise.all(declarations)).flat();
}

/** Its own, or where the module passes it on from. */
async function declarationOf(name: string, path: string, read: Read): Promise<Declaration[]> {
  const text = await read(path);
  const own = declarationsIn(text).filter((declaration) => declaration.name === name);
  if (own.length > 0) return own.filter(({ kind }) => kind !== 'value' || own.length === 1); // A schema and its type.
  for (const { names, from } of exportList(text))
    if (names.includes(name) || names.includes('*')) {
      const found = await declarationOf(name, sourceOf(from, path), read);
      if (found.length > 0) return found;
    }
  return [];
}

function exportList(text: string): { names: string[]; from: string }[] {
  const lists = text.matchAll(/^export (?:type )?(?:\{([^}]*)\}|(\*)) from '([^']+)';/gm);
  return [...lists].map(([, list, star, from]) => ({
    names: star
      ? ['*']
      : list!
          .split(',')
          .map((name) => name.trim().replace(/^type /, ''))
          .filter(Boolean),
    from: from!,
  }));
}

function sourceOf(from: string, importer: string): string {
  const own = /^@weir\/(\w+)$/.exec(from);
  if (own) return `packages/${own[1]}/.tsbuild/index.d.ts`;
  return join(importer, '..', from.replace(/\.tsx?$/, '.d.ts'));
}

const kinds = {
  class: 'class',
  function: 'function',
  const: 'value',
  type: 'type',
  interface: 'type',
} as const;

/** Every exported declaration of a `.d.ts` text: as the compiler writes them, each begins a line and ends one. */
export function declarationsIn(text: string): Declaration[] {
  const found: Declaration[] = [];
  let doc = '';
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (line.startsWith('/**')) {
      const from = i;
      while (!lines[i]!.includes('*/')) i++;
      doc = uncommented(lines.slice(from, i + 1).join('\n'));
      continue;
    }
    const [, keyword, name] =
      /^export (?:declare )?(?:abstract )?(class|function|const|type|interface) (\w+)/.exec(line) ?? [];
    if (!keyword || !name) {
      doc = '';
      continue;
    }
    const from = i;
    let open = depthChange(line);
    while (open > 0 || !/[;}]$/.test(lines[i]!)) {
      i++;
      if (i >= lines.length) break;
      open += depthChange(lines[i]!);
    }
    const kind = kinds[keyword as keyof typeof kinds];
    found.push({ name, kind, doc, text: shown(lines.slice(from, i + 1)) });
    doc = '';
  }
  return found;
}

function depthChange(line: string): number {
  const bare = line.replace(/\/\*.*?\*\/|'[^']*'|"[^"]*"/g, '');
  return (bare.match(/[{([]/g)?.length ?? 0) - (bare.match(/[})\]]/g)?.length ?? 0);
}

/** Without what callers cannot use, indented by two. */
function shown(lines: string[]): string {
  const inside = lines.filter((line) => !/^\s+(#private;|private |readonly #)/.test(line));
  return inside
    .join('\n')
    .replaceAll(/^( +)/gm, (indent) => ' '.repeat(Math.ceil(indent.length / 2)))
    .replace(/^export (declare )?/, '')
    .replaceAll('import("react").', '');
}

function uncommented(comment: string): string {
  return comment
    .replace(/^\/\*\*\s?/, '')
    .replace(/\s*\*\/$/, '')
    .replaceAll(/^\s*\* ?/gm, '')
    .trim();
}
