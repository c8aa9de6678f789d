export type PackageManifest = {
  name: string;
  version: string;
  license: string;
  type: string;
  private?: boolean;
  exports: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
};

export type PublishedManifest = Omit<PackageManifest, 'exports' | 'private' | 'devDependencies'> & {
  exports: Record<string, string | { types: string; default: string }>;
  files: string[];
  sideEffects: string[] | false;
  peerDependencies?: Record<string, string>;
};

/** There must be one of these in a page, the page's own. */
const fromThePage = ['react', 'react-dom'];

/**
 * What stands in the package.json of a tarball: the modules under `dist` in place of the sources, our own packages at this
 * very version, the page's React instead of one more.
 */
export function publishedManifest(manifest: PackageManifest): PublishedManifest {
  const { name, version, license, type, exports, dependencies = {} } = manifest;
  const all = Object.entries(dependencies);
  const peers = all.filter(([dependency]) => fromThePage.includes(dependency));
  const own = all.filter(([dependency]) => !fromThePage.includes(dependency));
  const hasStyles = Object.values(exports).some((path) => path.endsWith('.css'));
  return {
    name,
    version,
    license,
    type,
    exports: Object.fromEntries(Object.entries(exports).map(([path, target]) => [path, exportOf(target)])),
    files: ['dist'],
    sideEffects: hasStyles ? ['**/*.css'] : false,
    dependencies: Object.fromEntries(
      own.map(([dependency, range]) => [dependency, range === '*' ? version : range]),
    ),
    ...(peers.length > 0
      ? {
          peerDependencies: Object.fromEntries(
            peers.map(([dependency, range]) => [dependency, `^${range.split('.')[0]}.0.0`]),
          ),
        }
      : {}),
  };
}

function exportOf(target: string): string | { types: string; default: string } {
  const [, path, extension] = /^\.\/src\/(.*)\.(tsx?|css)$/.exec(target) ?? [];
  if (!path) throw new Error(`${target} is neither a module nor a style in src`);
  return extension === 'css'
    ? `./dist/${path}.css`
    : { types: `./dist/${path}.d.ts`, default: `./dist/${path}.js` };
}
