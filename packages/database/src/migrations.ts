import { fileURLToPath } from 'node:url';

/** One set for both drivers. A migration that was released is never changed. */
export const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url));
