import { expect, test } from 'vitest';
import { publishedManifest } from './published-manifest.ts';

const manifest = {
  name: '@weir/x',
  version: '1.2.3',
  license: 'Apache-2.0',
  type: 'module',
  private: true,
  exports: { '.': './src/index.ts', './styles.css': './src/styles.css' },
  dependencies: { '@weir/core': '*', react: '19.3.1', 'lucide-react': '1.75.0' },
  devDependencies: { vite: '8.3.8' },
};

test('a tarball exports what was built, needs our packages at its own version, and the page’s React', () => {
  expect(publishedManifest(manifest)).toEqual({
    name: '@weir/x',
    version: '1.2.3',
    license: 'Apache-2.0',
    type: 'module',
    exports: {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './styles.css': './dist/styles.css',
    },
    files: ['dist'],
    sideEffects: ['**/*.css'],
    dependencies: { '@weir/core': '1.2.3', 'lucide-react': '1.75.0' },
    peerDependencies: { react: '^19.0.0' },
  });
});

test('an export that is not built is refused', () => {
  expect(() => publishedManifest({ ...manifest, exports: { '.': './lib/index.js' } })).toThrow(
    './lib/index.js',
  );
});
