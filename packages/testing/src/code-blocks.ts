/**
 * The files in a Markdown text: code blocks whose first line is a comment with a file name, by that name and without that
 * line. A name that comes twice is an error.
 */
export function codeBlocks(markdown: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const [, block] of markdown.matchAll(/^```\w+\n([\s\S]*?)^```$/gm)) {
    const [, name] = /^(?:\/\/|<!--) ([\w.-]+\.\w+)(?: -->)?\n/.exec(block!) ?? [];
    if (!name) continue;
    if (files.has(name)) throw new Error(`${name} is there twice`);
    files.set(name, block!.slice(block!.indexOf('\n') + 1));
  }
  return files;
}
