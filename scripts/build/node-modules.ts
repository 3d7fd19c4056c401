/**
 * Lets a bundle ask for Node's own modules by `process.getBuiltinModule`, and for each export that it uses alone.
 *
 * An `import` of one of them reads all of its exports first, and some of those load whole libraries when they are read:
 * `import 'node:http'` alone brings in Node's copy of undici, for `http.WebSocket`, and with it TLS and HTTP/2. That is
 * 12 MB of each sidecar. Packages written as CommonJS find the `require` here that a module does not have.
 */
import { builtinModules } from 'node:module';
import type { OnLoadResult, Plugin } from 'esbuild';

const NAMES = builtinModules.map((name) => name.replace(/^node:/, '').replaceAll('/', '\\/'));
const FILTER = new RegExp(`^(?:node:)?(?:${NAMES.join('|')})$`);

/** Loaded by the first call of one of their functions, for they take 1 to 3 MB, and a sidecar at rest calls none. */
const LATE: ReadonlySet<string> = new Set(['node:crypto', 'node:fs/promises']);

/** An `import()` is left as it is: whoever writes it wants the whole module, and not before then. */
export function nodeModules(): Plugin {
  return {
    name: 'modules of Node',
    setup: (build) => {
      build.onResolve({ filter: FILTER }, ({ path, kind }) => {
        const name = `node:${path.replace(/^node:/, '')}`;
        if (kind === 'import-statement') return { path: name, namespace: 'imported', sideEffects: false };
        return kind === 'require-call' ? { path: name, namespace: 'required' } : undefined;
      });
      build.onLoad({ filter: /./, namespace: 'imported' }, ({ path }) => imported(path));
      build.onLoad({ filter: /./, namespace: 'required' }, ({ path }) => ({
        contents: `module.exports = ${get(path)};`,
      }));
    },
  };
}

function get(name: string): string {
  return `process.getBuiltinModule(${JSON.stringify(name)})`;
}

/** One constant for each export. Calls are marked as pure, so what nobody uses does not get into the bundle. */
function imported(name: string): OnLoadResult {
  const exports = process.getBuiltinModule(name) as unknown as Readonly<Record<string, unknown>>;
  const keys = Object.keys(exports).filter((key) => key !== 'default' && /^[A-Za-z_$][\w$]*$/.test(key));
  const isLate = (key: string): boolean => LATE.has(name) && typeof exports[key] === 'function';
  const constants = keys.map((key, at) => {
    const value = isLate(key) ? `(...values) => load().${key}(...values)` : `/* @__PURE__ */ read('${key}')`;
    return `const it${at} = ${value};\nexport { it${at} as ${key} };`;
  });
  const head = `const load = () => ${get(name)};\nconst read = (key) => load()[key];`;
  return { contents: [head, ...constants, 'export default /* @__PURE__ */ load();'].join('\n') };
}
