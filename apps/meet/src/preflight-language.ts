import { type PreflightWords, words as resultsEnglish } from '@weir/client/preflight';
import { createContext, use, useContext, useDeferredValue } from 'react';
import { type Language, useLanguage } from './language.ts';
import { english, type PageWords } from './preflight-words.ts';

/** What the page of the connection test says: its own words, and those for what was found. */
export type SpokenWords = { page: PageWords; results: PreflightWords };

const inEnglish: SpokenWords = { page: english, results: resultsEnglish };
const loaded = new Map<Language, Promise<SpokenWords>>();

/** Each once. In English where a language cannot be loaded. */
function wordsOf(language: Language): Promise<SpokenWords> {
  const words = loaded.get(language) ?? load(language).catch(() => inEnglish);
  loaded.set(language, words);
  return words;
}

async function load(language: Language): Promise<SpokenWords> {
  if (language === 'en') return inEnglish;
  const [{ german }, { wordsDe }] = await Promise.all([
    import('./preflight-words-de.ts'),
    import('@weir/client/preflight/words-de'),
  ]);
  return { page: german, results: wordsDe };
}

/** The words in the page's language. When another is chosen the page stays as it is until that one is there. */
export function useSpokenWords(): SpokenWords {
  return use(wordsOf(useDeferredValue(useLanguage().language)));
}

export const PreflightWordsContext = createContext(inEnglish);

/** The page's own words. */
export function usePageWords(): PageWords {
  return useContext(PreflightWordsContext).page;
}
