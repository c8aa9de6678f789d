import { fileURLToPath } from 'node:url';
import { build } from 'vite';

let bundling: Promise<string> | undefined;

/** The page's script with the SDK in it, as one text; bundled once a process. */
export function pageBundle(): Promise<string> {
  bundling ??= bundle();
  return bundling;
}

async function bundle(): Promise<string> {
  const output = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      minify: false,
      lib: {
        entry: fileURLToPath(new URL('page/seat.ts', import.meta.url)),
        formats: ['iife'],
        name: 'weirPage',
      },
    },
  });
  const [first] = Array.isArray(output) ? output : [output];
  if (!first || !('output' in first)) throw new Error('the page was not bundled');
  return first.output[0].code;
}
