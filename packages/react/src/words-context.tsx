import { createContext, type ReactNode, useContext, useMemo } from 'react';
import { words as english, type Words } from './words.ts';

const WordsContext = createContext<Words>(english);

/** Puts `words` in place of the English ones inside. */
export function WordsProvider({ words, children }: { words: Partial<Words>; children: ReactNode }) {
  const outer = useContext(WordsContext);
  const value = useMemo(() => ({ ...outer, ...words }), [outer, words]);
  return <WordsContext value={value}>{children}</WordsContext>;
}

export function useWords(): Words {
  return useContext(WordsContext);
}

/** A device's or switch's error in words that say what to do. `what` is its name, like "Camera". */
export function deviceProblem(words: Words, code: string, what: string): string {
  return (words.deviceProblems[code] ?? words.deviceProblems.other)(what);
}
