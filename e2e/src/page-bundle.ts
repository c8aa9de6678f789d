import { fileURLToPath } from 'node:url';
import { bundlePage } from '@weir/testing';

/** The page's script with the SDK in it, as one text; bundled once a process. */
export function pageBundle(): Promise<string> {
  return bundlePage(fileURLToPath(new URL('page/seat.ts', import.meta.url)));
}
