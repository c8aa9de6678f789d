import { useSyncExternalStore } from 'react';

export type Route =
  | { page: 'start' }
  | { page: 'meet'; roomId: string }
  | { page: 'preflight' }
  | { page: 'not-found' };

/** The page that a path stands for. */
export function routeOf(pathname: string): Route {
  const [first, second, ...rest] = pathname.split('/').filter(Boolean);
  if (first === undefined) return { page: 'start' };
  if (first === 'preflight' && second === undefined) return { page: 'preflight' };
  if (first !== 'meet' || rest.length > 0) return { page: 'not-found' };
  if (second === undefined) return { page: 'start' };
  try {
    return { page: 'meet', roomId: decodeURIComponent(second) };
  } catch {
    return { page: 'not-found' };
  }
}

export function meetPath(roomId: string): string {
  return `/meet/${encodeURIComponent(roomId)}`;
}

/** The connection test, for who is about to join that room. */
export function preflightPath(roomId: string): string {
  return `/preflight?room=${encodeURIComponent(roomId)}`;
}

const moved = 'weir-moved';

/** Goes to another page of the app. */
export function navigate(path: string): void {
  history.pushState(null, '', path);
  dispatchEvent(new Event(moved));
}

function subscribe(changed: () => void): () => void {
  addEventListener('popstate', changed);
  addEventListener(moved, changed);
  return () => {
    removeEventListener('popstate', changed);
    removeEventListener(moved, changed);
  };
}

/** The path of the page, also after going back. */
export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname);
}
