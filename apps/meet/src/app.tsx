import { Compass } from 'lucide-react';
import { FaultBoundary } from './fault-boundary.tsx';
import { Meeting } from './meeting.tsx';
import { MessagePage } from './message-page.tsx';
import { routeOf, usePath } from './router.ts';
import { StartPage } from './start-page.tsx';
import { ToastProvider } from './toasts.tsx';
import { words } from './words.ts';

export function App() {
  const route = routeOf(usePath());
  return (
    <FaultBoundary>
      <ToastProvider>
        {route.page === 'start' && <StartPage />}
        {route.page === 'meet' && <Meeting key={route.roomId} roomId={route.roomId} />}
        {route.page === 'not-found' && (
          <MessagePage icon={<Compass aria-hidden="true" />} title={words.notFound} text={location.pathname}>
            <a className="weir-button" href="/">
              {words.toStart}
            </a>
          </MessagePage>
        )}
      </ToastProvider>
    </FaultBoundary>
  );
}
