/** A number and its word in the form that the language asks for: `3 people`. */
export type Count = (number: number, forms: { one: string; other: string }) => string;

/** Counts in a language. */
export function counting(language: string): Count {
  const rules = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(localeOf(language));
  return (number, { one, other }) =>
    `${numbers.format(number)} ${rules.select(number) === 'one' ? one : other}`;
}

/** The reader's own region of a language, for dates and numbers: `en-GB` where `en` is spoken so. */
export function localeOf(
  language: string,
  preferred: readonly string[] = globalThis.navigator?.languages ?? [],
): string {
  return preferred.find((locale) => locale === language || locale.startsWith(`${language}-`)) ?? language;
}
