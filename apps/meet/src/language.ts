import { words as callEnglish, type Words } from '@weir/react';
import { useSyncExternalStore } from 'react';
import { memory } from './memory.ts';
import { english, setWords } from './words.ts';

/** Each by its own name: who looks for it reads no other. */
export const languages = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof languages;

let now: { language: Language; callWords: Words } = { language: 'en', callWords: callEnglish };
const listeners = new Set<() => void>();

/** The first of these that the page speaks; English when it speaks none. */
export function bestLanguage(wanted: readonly (string | undefined)[]): Language {
  for (const one of wanted) {
    const language = one?.toLowerCase().split('-')[0] ?? '';
    if (language in languages) return language as Language;
  }
  return 'en';
}

/** Loads a language and speaks it from now on. Stays with the one before when it cannot be loaded. */
export async function speak(language: Language): Promise<void> {
  if (language !== now.language) {
    const [app, call] = await wordsOf(language).catch(() => [undefined, undefined] as const);
    if (!app) return;
    setWords(app);
    now = { language, callWords: call };
  }
  document.documentElement.lang = language;
  for (const listener of [...listeners]) listener();
}

/** As `speak`, and remembered for the next visit. */
export function chooseLanguage(language: Language): void {
  memory.language = language;
  void speak(language);
}

async function wordsOf(language: Language) {
  if (language === 'en') return [english, callEnglish] as const;
  const [{ german }, { wordsDe }] = await Promise.all([
    import('./words-de.ts'),
    import('@weir/react/words-de'),
  ]);
  return [german, wordsDe] as const;
}

/** The language of the page and the words of the call's components in it. */
export function useLanguage(): { language: Language; callWords: Words } {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => now,
  );
}
