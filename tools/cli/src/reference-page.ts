import type { Declaration } from './declarations.ts';

export type ReferencePage = {
  file: string;
  title: string;
  /** Its first sentence. */
  text: string;
  /** The `.d.ts` file with the export list. */
  entry: string;
};

const sections = {
  class: 'Classes',
  function: 'Functions and components',
  value: 'Values',
  type: 'Types',
} as const;

/** A page of the reference: what the package exports, with its doc comments. */
export function referencePage({ title, text }: ReferencePage, declarations: Declaration[]): string {
  const byName = declarations.toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
  const parts = Object.entries(sections).flatMap(([kind, heading]) => {
    const those = byName.filter((declaration) => declaration.kind === kind);
    return those.length > 0 ? [`## ${heading}`, ...those.map(entry)] : [];
  });
  const generated = '<!-- Made by ./weir reference from the doc comments: change those. -->';
  return `${[generated, `# ${title}`, text, ...parts].join('\n\n')}\n`;
}

function entry({ name, doc, text }: Declaration): string {
  return [`### ${name}`, ...(doc ? [doc] : []), `\`\`\`ts\n${text}\n\`\`\``].join('\n\n');
}
