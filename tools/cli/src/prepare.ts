import { parseOptions } from './options.ts';
import { ensureWebApp } from './web-app.ts';

/** Gets everything that a start would get first; the launcher has installed packages and the worker by now. */
export async function run(args: string[]): Promise<number> {
  parseOptions(args, {});
  await ensureWebApp();
  return 0;
}
