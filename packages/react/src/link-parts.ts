/** A piece of a text, at an offset; with `href` where it is a web address. */
export type LinkPart = { at: number; text: string; href?: string };

const address = /\bhttps?:\/\/[^\s<>"']+/gi;
/** Belongs to the sentence, not to the address. */
const sentenceEnd = /[.,;:!?)\]}]+$/;

/** Splits a text at its web addresses. Only http and https count: nothing else may become a link. */
export function linkParts(text: string): LinkPart[] {
  const parts: LinkPart[] = [];
  let at = 0;
  const push = (end: number, href?: string) => {
    if (end > at) parts.push({ at, text: text.slice(at, end), ...(href ? { href } : {}) });
    at = end;
  };
  for (const match of text.matchAll(address)) {
    const href = match[0].replace(sentenceEnd, '');
    if (!URL.canParse(href)) continue;
    push(match.index);
    push(match.index + href.length, href);
  }
  push(text.length);
  return parts;
}
