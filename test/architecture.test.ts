/** The rules of the house (ARCHITECTURE.md, CONTRIBUTING.md), judged from the texts of the files alone. */
import { existsSync } from 'node:fs';
import { basename, join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { blankTexts, type Import, importsOf } from './support/source-code.ts';
import { filesBelow, ROOT, textOf } from './support/source-files.ts';

const HOUSES: Readonly<Record<string, readonly string[]>> = {
  src: ['src'],
  sidecar: ['sidecar', 'src'],
  dns: ['dns', 'src'],
  cli: ['cli', 'sidecar', 'dns', 'src'],
};

interface SourceFile {
  readonly path: string;
  readonly house: string;
  /** Outside `io/`, `main.ts` and `start.ts`, where nothing may wait, fail, or know the time. */
  readonly pure: boolean;
  readonly source: string;
  /** Without comments and texts. */
  readonly code: string;
  readonly imports: readonly Import[];
}

function readSource(path: string): SourceFile {
  const source = textOf(path);
  const [house = ''] = path.split('/');
  const impure = house === 'cli' || /\/io\//.test(path) || ['main.ts', 'start.ts'].includes(basename(path));
  return { path, house, pure: !impure, source, code: blankTexts(source), imports: importsOf(source) };
}

const everything = filesBelow();
const files = Object.keys(HOUSES).flatMap((house) =>
  everything.filter((path) => path.startsWith(`${house}/`) && path.endsWith('.ts')).map(readSource),
);
const pureFiles = files.filter((file) => file.pure);

const isRelative = (specifier: string): boolean => specifier.startsWith('.');
const targetOf = (file: SourceFile, { specifier }: Import): string => posix.join(posix.dirname(file.path), specifier);

/** `path: what` for everything that `broken` names in a file. */
function offences(among: readonly SourceFile[], broken: (file: SourceFile) => readonly string[]): readonly string[] {
  return among.flatMap((file) => broken(file).map((what) => `${file.path}: ${what}`));
}

/** All that a pattern finds in the code of a file. */
const matches = (file: SourceFile, pattern: RegExp): readonly string[] => file.code.match(pattern) ?? [];

test('the houses are there to be judged', () => {
  for (const house of Object.keys(HOUSES)) expect(files.filter((file) => file.house === house)).not.toEqual([]);
  expect(pureFiles.length).toBeGreaterThan(30);
});

describe('directions', () => {
  test('sidecar → src ← dns, with cli in front of all; nothing imports across', () => {
    const broken = offences(files, (file) =>
      file.imports
        .filter((it) => isRelative(it.specifier))
        .map((it) => targetOf(file, it))
        .filter((target) => !HOUSES[file.house]?.includes(target.split('/')[0] ?? '') && target !== 'package.json'),
    );
    expect(broken).toEqual([]);
  });

  test('every relative import names a file that exists, with its ending', () => {
    const broken = offences(files, (file) =>
      file.imports
        .filter((it) => isRelative(it.specifier) && !existsSync(join(ROOT, targetOf(file, it))))
        .map((it) => it.specifier),
    );
    expect(broken).toEqual([]);
  });

  test('no file needs itself, however far around', () => {
    const needs = new Map(
      files.map((file) => [
        file.path,
        file.imports.filter((it) => isRelative(it.specifier) && !it.typeOnly).map((it) => targetOf(file, it)),
      ]),
    );
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      if (done.has(path) || trail.includes(path)) return;
      for (const next of needs.get(path) ?? []) visit(next, [...trail, path]);
      done.add(path);
    };
    for (const path of needs.keys()) visit(path, []);
    expect(cycles).toEqual([]);
  });
});

describe('pure files', () => {
  const PURE_FROM_NET = new Set(['isIP', 'isIPv4', 'isIPv6', 'BlockList']);
  /** They read what they are given and nothing else. */
  const PARSERS = new Set(['valibot', '@valibot/to-json-schema', 'yaml']);

  const mayImport = (file: SourceFile, it: Import): boolean => {
    if (isRelative(it.specifier)) return it.typeOnly || !/(\/io\/|\/(main|start)\.ts$)/.test(`/${targetOf(file, it)}`);
    if (it.specifier === 'node:net') return it.names.length > 0 && it.names.every((name) => PURE_FROM_NET.has(name));
    return PARSERS.has(it.specifier);
  };

  test('import nothing that does I/O, and from io rooms only types', () => {
    const broken = offences(pureFiles, (file) =>
      file.imports.filter((it) => !mayImport(file, it)).map((it) => it.specifier),
    );
    expect(broken).toEqual([]);
  });

  test('have no clock, no chance, no timer and no world: these come in as arguments', () => {
    const WORLD =
      /\b(Date\.now|new Date\(\s*\)|performance\.|Math\.random|crypto\.|set(Timeout|Interval|Immediate)\b|queueMicrotask|AbortSignal\.timeout|process\.|globalThis|fetch\s*\(|console\.|require\s*\(|import\.meta)/g;
    expect(offences(pureFiles, (file) => matches(file, WORLD))).toEqual([]);
  });

  test('of src know no HTTP and no DNS by name, where they are not the configuration of it', () => {
    const NAMES = /\b\w*(?:[Hh]ttp|HTTP|\bdns|Dns|DNS)\w*\b/g;
    const core = pureFiles.filter((file) => file.house === 'src' && !file.path.startsWith('src/config/'));
    expect(offences(core, (file) => matches(file, NAMES))).toEqual([]);
  });
});

describe('packages', () => {
  test.each([
    ['undici', /^src\/io\//],
    ['consul', /^src\/io\//],
    ['pino', /^src\/io\//],
    ['pino-pretty', /^src\/io\//],
    ['dns2', /^dns\/io\//],
    ['commander', /^cli\//],
    ['valibot', /^src\//],
    ['@valibot/to-json-schema', /^(src\/config|cli)\//],
    ['yaml', /^src\//],
  ])('%s is imported only where it belongs', (name, room) => {
    const users = files.filter((file) => file.imports.some(({ specifier }) => specifier === name));
    expect(users.map((file) => file.path).filter((path) => !room.test(path))).toEqual([]);
  });

  test.each(['consul', 'dns2'])('%s has one adapter', (name) => {
    const users = files.filter((file) => file.imports.some(({ specifier }) => specifier.split('/')[0] === name));
    expect(users.length).toBeLessThanOrEqual(1);
  });

  test('that the program imports are its dependencies', () => {
    const { dependencies } = JSON.parse(textOf('package.json')) as { dependencies: Record<string, string> };
    const broken = offences(files, (file) =>
      file.imports
        .map((it) => it.specifier)
        .filter((it) => !isRelative(it) && !it.startsWith('node:'))
        .filter((it) => !((/^(@[^/]+\/)?[^/]+/.exec(it) ?? [''])[0] in dependencies)),
    );
    expect(broken).toEqual([]);
  });
});

describe('files', () => {
  const code = everything.filter((path) => /\.(ts|mjs|js)$/.test(path));

  test('have at most 400 lines; tests, which may hold a long table, at most 600', () => {
    const limitOf = (path: string): number => (path.startsWith('test/') ? 600 : 400);
    expect(code.filter((path) => textOf(path).split('\n').length - 1 > limitOf(path))).toEqual([]);
  });

  test('are named after what they are, in kebab case', () => {
    const VAGUE = /(^|[-/.])(utils?|helpers?|common|misc|manager|shared)([-.]|$)/i;
    expect(code.filter((path) => VAGUE.test(basename(path)))).toEqual([]);
    expect(files.filter((file) => !/^[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(basename(file.path)))).toEqual([]);
  });

  test('of the houses begin by saying in a comment what they are', () => {
    expect(files.filter((file) => !/^(#!.*\n)?\/\*\*/.test(file.source)).map((file) => file.path)).toEqual([]);
  });

  test('of the houses export by name only', () => {
    expect(offences(files, (file) => matches(file, /\bexport default\b/g))).toEqual([]);
  });
});

describe('documents', () => {
  const documents = everything.filter((path) => path.endsWith('.md'));

  /** As GitHub makes it from a heading. */
  const anchorOf = (heading: string): string =>
    heading
      .replace(/`|\*|\[([^\]]*)\]\([^)]*\)/g, '$1')
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');

  const anchorsIn = (path: string): readonly string[] =>
    [...textOf(path).matchAll(/^#{1,6}\s+(.+)$/gm)].map((match) => anchorOf(match[1] ?? ''));

  test('link to files and headings that exist', () => {
    const broken: string[] = [];
    for (const path of documents) {
      const prose = textOf(path).replace(/^(```|~~~)[\s\S]*?^\1/gm, '');
      for (const match of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
        const link = match[1] ?? '';
        if (/^[a-z]+:/.test(link)) continue;
        const [file = '', anchor] = link.split('#');
        const target = file === '' ? path : posix.join(posix.dirname(path), decodeURI(file));
        if (!existsSync(join(ROOT, target))) broken.push(`${path}: ${link}`);
        else if (anchor !== undefined && target.endsWith('.md') && !anchorsIn(target).includes(anchor)) {
          broken.push(`${path}: ${link} (no such heading)`);
        }
      }
    }
    expect(broken).toEqual([]);
  });
});

describe('the repository', () => {
  test('locks the optional packages of every platform, or `npm ci` refuses the lock file', () => {
    interface Lock {
      readonly packages: Record<string, { readonly optionalDependencies?: Record<string, string> }>;
    }
    const { packages } = JSON.parse(textOf('package-lock.json')) as Lock;
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !(`${path}/node_modules/${name}` in packages) && !(`node_modules/${name}` in packages),
      ),
    );
    expect(missing).toEqual([]);
  });

  test('stands on its own: it names no place of the machines it was made on, and no registry', () => {
    // In pieces, or this file would be the one that it finds.
    const places = ['/wo' + 'rk/', 'shared' + '/design', '.lib' + 'rary', 'registry.npm' + 'js', 'npm' + 'js.org'];
    const hosts = ['deb.deb' + 'ian.org', 'file' + ':///', '/ho' + 'me/', '/ro' + 'ot/'];
    const broken = everything.flatMap((path) => {
      const text = textOf(path);
      return [...places, ...hosts].filter((word) => text.includes(word)).map((word) => `${path}: ${word}`);
    });
    expect(broken).toEqual([]);
  });
});
