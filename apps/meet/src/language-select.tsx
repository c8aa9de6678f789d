import { Languages } from 'lucide-react';
import { chooseLanguage, type Language, languages, useLanguage } from './language.ts';
import { words } from './words.ts';

/** The page's language, to choose. */
export function LanguageSelect() {
  const { language } = useLanguage();
  return (
    <label className="meet-language">
      <Languages aria-hidden="true" />
      <select
        value={language}
        onChange={({ target }) => chooseLanguage(target.value as Language)}
        aria-label={words.language}
        data-testid="language"
      >
        {Object.entries(languages).map(([code, name]) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
