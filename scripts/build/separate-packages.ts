/** Leaves packages out of a bundle where it loads them by `import()`: each is then a file beside it. */
import type { Plugin } from 'esbuild';

/** `import('undici')` becomes `import('./undici.js')`. A package that is imported in any other way is bundled. */
export function separatePackages(names: readonly string[]): Plugin {
  const separate = new Set(names);
  return {
    name: 'separate packages',
    setup: (build) =>
      build.onResolve({ filter: /^[a-z]/ }, ({ path, kind }) =>
        kind === 'dynamic-import' && separate.has(path) ? { path: `./${path}.js`, external: true } : undefined,
      ),
  };
}
