#!/usr/bin/env node
/**
 * Bundles the program into one file, `dist/outrigger.js`, which `bin` and the image run: it needs Node and nothing
 * else. `node scripts/build.ts [folder]`.
 */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { build as bundle, type Metafile } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');

/**
 * Packages written as CommonJS call `require` for Node's own modules, which a module does not have. The names are
 * odd because they share a scope with the whole program. (The `#!` line comes from the entry file.)
 */
const BANNER = `\
import { createRequire as __outriggerCreateRequire } from 'node:module';
const require = __outriggerCreateRequire(import.meta.url);`;

/** Writes `outrigger.js` and `licenses.txt` into `folder`, making it if need be; returns the path of the program. */
export async function buildBundle(folder: string): Promise<string> {
  const program = join(folder, 'outrigger.js');
  await mkdir(folder, { recursive: true });
  const { metafile } = await bundle({
    absWorkingDir: ROOT,
    entryPoints: ['cli/main.ts'],
    outfile: program,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    // Commands load their houses by `import()`. Without splitting these stay lazy within the one file.
    splitting: false,
    // White space and comments cost each sidecar 13 MB of memory; names stay, so stack traces can still be read.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    banner: { js: BANNER },
    metafile: true,
    logLevel: 'warning',
  });
  await chmod(program, 0o755);
  await writeFile(join(folder, 'licenses.txt'), await licensesOf(metafile));
  return program;
}

/** The licence of every package that the bundle holds a part of, as most of them ask. */
async function licensesOf(metafile: Metafile): Promise<string> {
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs));
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
