import type { ReactNode } from 'react';
import { words } from './words.ts';

/** The frame of every page but the call: the name on top, the content in the middle. */
export function Page({ children, testId }: { children: ReactNode; testId?: string }) {
  return (
    <div className="meet-page" data-testid={testId}>
      <header className="meet-page-head">
        <a href="/" className="meet-brand">
          <Logo />
          {words.product}
        </a>
      </header>
      <main className="meet-page-main">{children}</main>
    </div>
  );
}

/** Water over three steps. */
export function Logo() {
  return (
    <svg className="meet-logo" viewBox="0 0 24 24" aria-hidden="true">
      {[6, 12, 18].map((y) => (
        <path key={y} d={`M3 ${y - 1}c3 0 3 2.500 6 2.500s3-2.500 6-2.500 3 2.500 6 2.500`} />
      ))}
    </svg>
  );
}
