/** The initials of a name on a calm colour of its own. */
export function Avatar({ name, identity }: { name: string; identity: string }) {
  return (
    <span className="weir-avatar" data-hue={hue(identity)} aria-hidden="true">
      {initials(name)}
    </span>
  );
}

/** At most two letters: of the first and the last word. */
export function initials(name: string): string {
  const words = name
    .trim()
    .split(/[\s._-]+/)
    .filter(Boolean);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map(
    (word) => [...(word ?? '')][0] ?? '',
  );
  return letters.join('').toLocaleUpperCase() || '?';
}

const hues = 8;

function hue(identity: string): number {
  let sum = 0;
  for (const letter of identity) sum = (sum * 31 + letter.codePointAt(0)!) >>> 0;
  return sum % hues;
}
