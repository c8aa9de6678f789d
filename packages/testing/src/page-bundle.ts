const bundles = new Map<string, Promise<string>>();

/** A page's script, `entry` with all that it imports, as one text; bundled once a process. */
export function bundlePage(entry: string): Promise<string> {
  let bundling = bundles.get(entry);
  if (!bundling) {
    bundling = bundle(entry);
    bundles.set(entry, bundling);
  }
  return bundling;
}

async function bundle(entry: string): Promise<string> {
  const { build } = await import('vite'); // Only who bundles pays for loading it.
  const output = await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, minify: false, lib: { entry, formats: ['iife'], name: 'weirPage' } },
  });
  const [first] = Array.isArray(output) ? output : [output];
  if (!first || !('output' in first)) throw new Error(`${entry} was not bundled`);
  return first.output[0].code;
}
