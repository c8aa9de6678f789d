import { MenuItem, type PictureInPicture, useWords } from '@weir/react';
import { Keyboard, Languages, PictureInPicture2 } from 'lucide-react';
import { chooseLanguage, type Language, languages, useLanguage } from './language.ts';
import { words } from './words.ts';

type CallMenuItemsProps = { picture: PictureInPicture; onShortcuts: () => void };

/** What the app adds to the call's menu. */
export function CallMenuItems({ picture, onShortcuts }: CallMenuItemsProps) {
  const callWords = useWords();
  const { language } = useLanguage();
  const others = (Object.keys(languages) as Language[]).filter((one) => one !== language);
  return (
    <>
      {picture.possible && (
        <MenuItem
          icon={PictureInPicture2}
          label={callWords.pictureInPicture}
          onSelect={picture.flip}
          testId="small-window-item"
        />
      )}
      <MenuItem icon={Keyboard} label={words.shortcuts} onSelect={onShortcuts} testId="shortcuts-item" />
      {others.map((one) => (
        <MenuItem
          key={one}
          icon={Languages}
          label={languages[one]}
          onSelect={() => chooseLanguage(one)}
          testId={`language-${one}`}
        />
      ))}
    </>
  );
}
