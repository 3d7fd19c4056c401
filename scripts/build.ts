#!/usr/bin/env node
/**
 * Bundles the program into `dist/outrigger.js`, which `bin` and the image run: it needs Node and the few files beside
 * it. `node scripts/build.ts [folder]`.
 */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type BuildOptions, build as bundle, type Metafile } from 'esbuild';
import { nodeModules } from './build/node-modules.ts';
import { separatePackages } from './build/separate-packages.ts';

const ROOT = join(import.meta.dirname, '..');

/** What few processes load, by `import()`: the source text of all else is held in memory by each sidecar. */
const SEPARATE = ['consul', 'pino-pretty', 'undici'];

const COMMON: BuildOptions & { metafile: true } = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  // White space and comments cost each sidecar 13 MB of memory; names stay, so stack traces can still be read.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
};

const builtin = (name: string): string => `process.getBuiltinModule("node:${name}")`;
/** The flag is for all threads; a worker is started beside others that work. */
const WITHOUT_MAGLEV = `if(${builtin('worker_threads')}.isMainThread)${builtin('v8')}.setFlagsFromString("--no-maglev");`;

/** Writes the program, `outrigger.js`, and what goes with it into `folder`, making it if need be; returns its path. */
export async function buildBundle(folder: string): Promise<string> {
  const program = join(folder, 'outrigger.js');
  await mkdir(folder, { recursive: true });
  const outputs = await Promise.all([
    bundle({
      ...COMMON,
      entryPoints: ['cli/main.ts'],
      outfile: program,
      // Commands load their houses by `import()`. Without splitting these stay lazy within the one file: sixty small
      // files would take longer to load, and more memory.
      splitting: false,
      // Wrapping hundreds of modules makes a function hot enough for a compiler, which is 2 MB of each sidecar from then
      // on, and never again: `cli/main.ts` turns it on once that is over.
      banner: { js: WITHOUT_MAGLEV },
      plugins: [separatePackages(SEPARATE), nodeModules()],
    }),
    ...SEPARATE.map((name) => bundlePackage(name, folder)),
  ]);
  await chmod(program, 0o755);
  await writeFile(join(folder, 'licenses.txt'), await licensesOf(outputs.map((output) => output.metafile)));
  return program;
}

/** One package as a module. Its names are listed: where it is written as CommonJS, they are only known once it has run. */
async function bundlePackage(name: string, folder: string): Promise<{ metafile: Metafile }> {
  const exports = (await import(name)) as object;
  const names = Object.keys(exports).filter((key) => /^[A-Za-z_$][\w$]*$/.test(key));
  return bundle({
    ...COMMON,
    stdin: { contents: `export { ${names.join(', ')} } from '${name}';`, resolveDir: ROOT },
    outfile: join(folder, `${name}.js`),
    plugins: [nodeModules()],
  });
}

/** The licence of every package that the bundles hold a part of, as most of them ask. */
async function licensesOf(metafiles: readonly Metafile[]): Promise<string> {
  const outputs = metafiles.flatMap((metafile) => Object.values(metafile.outputs));
  const inputs = outputs.flatMap((output) => Object.keys(output.inputs));
  const packages = inputs.map((input) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? '');
  const texts = [...new Set(packages)].filter((folder) => folder !== '').map(licenseOf);
  return (await Promise.all(texts)).sort((a, b) => a.localeCompare(b)).join(`\n${'-'.repeat(80)}\n\n`);
}

async function licenseOf(folder: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(ROOT, folder, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
  };
  const title = `${manifest.name} ${manifest.version} (${manifest.license ?? 'see below'})\n`;
  for (const name of ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'license', 'licence', 'LICENCE']) {
    const text = await readFile(join(ROOT, folder, name), 'utf8').catch(() => undefined);
    if (text !== undefined) return `${title}\n${text.trim()}\n`;
  }
  return title;
}

if (import.meta.main) {
  const program = await buildBundle(process.argv[2] ?? join(ROOT, 'dist'));
  const { length } = await readFile(program);
  console.log(`${relative(process.cwd(), program)}: ${Math.round(length / 1024)} KiB`);
}
