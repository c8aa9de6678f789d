import { WordsProvider } from '@weir/react';
import { Compass } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { FaultBoundary } from './fault-boundary.tsx';
import { useLanguage } from './language.ts';
import { Meeting } from './meeting.tsx';
import { MessagePage } from './message-page.tsx';
import { routeOf, usePath } from './router.ts';
import { StartPage } from './start-page.tsx';
import { ToastProvider } from './toasts.tsx';
import { words } from './words.ts';

/** Only who tests the connection pays for loading it. */
const PreflightPage = lazy(async () => ({ default: (await import('./preflight-page.tsx')).PreflightPage }));

export function App() {
  const route = routeOf(usePath());
  const { callWords } = useLanguage();
  return (
    <FaultBoundary>
      <WordsProvider words={callWords}>
        <ToastProvider>
          {route.page === 'start' && <StartPage />}
          {route.page === 'meet' && <Meeting key={route.roomId} roomId={route.roomId} />}
          {route.page === 'preflight' && (
            <Suspense>
              <PreflightPage />
            </Suspense>
          )}
          {route.page === 'not-found' && (
            <MessagePage
              icon={<Compass aria-hidden="true" />}
              title={words.notFound}
              text={location.pathname}
            >
              <a className="weir-button" href="/">
                {words.toStart}
              </a>
            </MessagePage>
          )}
        </ToastProvider>
      </WordsProvider>
    </FaultBoundary>
  );
}
