import type { ReactNode } from 'react';
import { useBrand } from './brand-context.tsx';
import { LanguageSelect } from './language-select.tsx';

/** The frame of every page but the call: the name on top, the content in the middle. */
export function Page({ children, testId }: { children: ReactNode; testId?: string }) {
  const { name } = useBrand();
  return (
    <div className="meet-page" data-testid={testId}>
      <header className="meet-page-head">
        <a href="/" className="meet-brand">
          <Logo />
          {name}
        </a>
        <LanguageSelect />
      </header>
      <main className="meet-page-main">{children}</main>
    </div>
  );
}

/** The house's own sign, else ours: water over three steps. */
export function Logo() {
  const { logo } = useBrand();
  if (logo) return <img className="meet-logo" src={logo} alt="" />;
  return (
    <svg className="meet-logo" viewBox="0 0 24 24" aria-hidden="true">
      {[6, 12, 18].map((y) => (
        <path key={y} d={`M3 ${y - 1}c3 0 3 2.500 6 2.500s3-2.500 6-2.500 3 2.500 6 2.500`} />
      ))}
    </svg>
  );
}
