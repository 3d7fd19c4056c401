import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockLines } from '../../../src/config/block-lines.ts';
import { Excerpt } from '../../../src/config/excerpt.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { placesByExcerpts } from '../../../src/config/places.ts';
import { readPlainYaml } from '../../../src/config/plain-yaml.ts';
import type { ConfigPath } from '../../../src/config/problem.ts';
import { readSource } from '../../../src/config/source.ts';

/** How a value is written: `lines` each without the indentation of what is around it. */
interface Written {
  readonly lines: readonly string[];
  /** Stands behind its key or its dash. */
  readonly isInline: boolean;
}

const scalar = fc.constantFrom(
  'a',
  '1',
  '"b: c"',
  "'#'",
  '192.0.2.1',
  'x#y',
  '[]',
  '{}',
  '[ a, "b" ]',
  '{ a: 1, b: [ c ] }',
);
const inline = fc.oneof(
  scalar.map((it): Written => ({ lines: [it], isInline: true })),
  fc.constant<Written>({ lines: ['[ a,', '    { b: c },', '  d ]'], isInline: true }),
  fc.constant<Written>({ lines: ['{ a: [ b,', '      c ],', '  d: e }'], isInline: true }),
);
const key = fc.constantFrom('a', 'b', 'c.d', '"e f"', "'g'", 'H', 'i/j', '"k."', '1');
const between = fc.constantFrom([], [], [], [''], ['# note'], ['      # far'], ['', '# a: b', '']);
const shift = fc.constantFrom('  ', '   ', '    ');

const { value } = fc.letrec<{ value: Written; mapping: Written; list: Written }>((tie) => ({
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, inline, tie('mapping'), tie('list')),
  mapping: fc
    .uniqueArray(fc.tuple(key, tie('value'), between, shift, fc.constantFrom('', ' # why')), {
      selector: ([name]) => name.replace(/["']/g, '').toLowerCase(),
      minLength: 1,
      maxLength: 4,
    })
    .map((items) => ({
      lines: items.flatMap(([name, it, gap, by, note]) => [...gap, ...entry(`${name}:`, it, by, note)]),
      isInline: false,
    })),
  list: fc.array(fc.tuple(tie('value'), between, fc.boolean()), { minLength: 1, maxLength: 4 }).map((items) => ({
    lines: items.flatMap(([it, gap, isTight]) => [...gap, ...item(it, isTight)]),
    isInline: false,
  })),
}));

function entry(name: string, { lines, isInline }: Written, by: string, note: string): readonly string[] {
  const [first = '', ...rest] = lines;
  if (isInline) return [`${name} ${first}`, ...rest.map((line) => by + line)];
  const isList = lines.some((line) => line.startsWith('- ')) && note !== '';
  return [name + note, ...lines.map((line) => (line === '' || isList ? line : by + line))];
}

function item({ lines, isInline }: Written, isTight: boolean): readonly string[] {
  const [first = '', ...rest] = lines;
  const isBlank = first.trim() === '' || first.trim().startsWith('#');
  if (isInline || (isTight && !isBlank)) return [`- ${first}`, ...rest.map((line) => (line === '' ? '' : `  ${line}`))];
  return ['-', ...lines.map((line) => (line === '' ? '' : `  ${line}`))];
}

function pathsOf(it: unknown, path: ConfigPath = []): readonly ConfigPath[] {
  if (typeof it !== 'object' || it === null) return [path];
  const parts = Array.isArray(it) ? [...it.entries()] : Object.entries(it);
  return [path, [...path, 'gone'], ...parts.flatMap(([part, below]) => pathsOf(below, [...path, part]))];
}

function excerptOf(text: string, paths: readonly ConfigPath[]): ReturnType<Excerpt['take']> {
  const excerpt = new Excerpt(new BlockLines(text));
  excerpt.keepPaths(paths);
  return excerpt.take();
}

describe('an excerpt of a file', () => {
  it('has each of its places where the whole file has it', () => {
    let read = 0;
    fc.assert(
      fc.property(value, fc.nat(), ({ lines }, seed) => {
        const text = lines.join('\n');
        const plain = readPlainYaml(text, {});
        if (plain === undefined) return;
        read += 1;
        const whole = readSource(text, {});
        const all = pathsOf(plain.value);
        const chosen = all.filter((_, index) => index % 3 === seed % 3);
        for (const paths of [chosen, ...chosen.map((path) => [path])]) {
          const { text: short, lineOf } = excerptOf(text, paths);
          const source = readSource(short, {});
          for (const path of paths) {
            for (const at of ['key', 'value'] as const) {
              const found = source.locate(path, at);
              expect({ path, at, ...found, line: lineOf(found.line) }).toEqual({ path, at, ...whole.locate(path, at) });
            }
          }
        }
      }),
      { numRuns: 200 },
    );
    expect(read).toBeGreaterThan(100);
  });

  it('is short, however long the file is', () => {
    const names = Array.from({ length: 2_000 }, (_, i) => `      h${i}: { a: [ 10.0.0.1 ] }\n`).join('');
    const text = `dns:\n  zones:\n    a.test:\n${names}    b.test:\n${names}  listen:\n${'    - x\n'.repeat(9)}`;
    const path = ['dns', 'zones', 'b.test', 'h7', 'a', 0];
    const { text: short } = excerptOf(text, [path, ['dns', 'listen', 3]]);
    expect(short.split('\n').length).toBeLessThan(20);
    expect(placesByExcerpts(text, {}, [{ path, at: 'value', message: 'is wrong' }])).toEqual([
      { line: 2012, column: 18, path: 'dns.zones.b.test.h7.a[0]', message: 'is wrong' },
    ]);
  });

  it('is not taken of a file in brackets', () => {
    const text = JSON.stringify({ a: [1, 2, 3], b: { c: 4 } }, null, 2);
    expect(placesByExcerpts(text, {}, [{ path: ['b', 'c'], at: 'value', message: 'is wrong' }])).toBeUndefined();
  });
});

describe('a large configuration', () => {
  it('has its problems where a small one has them', () => {
    const names = Array.from({ length: 3_000 }, (_, i) => `        H${i}: { a: [ 10.0.0.1 ], ttl: 60s }\n`).join('');
    const text = `dns:
  listen: [ "127.0.0.1:5353" ]
  zones:
    Example.org.:
      soa: { mname: ns.example.com, rname: hostmaster.example.org }
      ns: [ ns.example.com ]
      records:
${names}        bad: { a: [ 10.0.0.1, 10.0.0 ], ttl: 60 }
        WWW: { mx: [ "10 gone.example.org" ] }
        www: { a: [ 10.0.0.1 ] }
  limit: 5
`;
    expect(text.length).toBeGreaterThan(100_000);
    const small = parseConfig(text.replace(names, ''), { file: 'f', env: {} });
    const large = parseConfig(text, { file: 'f', env: {} });
    if (small.ok || large.ok) throw new Error('must have problems');
    expect(small.problems.length).toBe(4);
    expect(large.problems.map((it) => ({ ...it, line: it.line - 3_000 }))).toEqual(small.problems);
  });

  it('tells no more problems than it is asked for', () => {
    const text = 'clusters:\n  a: { b: c, d: e }\n  f: { g: h }\nlimit: 5\n';
    const all = parseConfig(text, { file: 'f', env: {} });
    const some = parseConfig(text, { file: 'f', env: {}, mostProblems: 2 });
    if (all.ok || some.ok) throw new Error('must have problems');
    expect(some.problems).toEqual(all.problems.slice(0, 2));
    expect(all.problems.length).toBeGreaterThan(2);
  });
});
