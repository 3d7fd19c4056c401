import { describe, expect, test } from 'vitest';
import { blankTexts, importsOf } from './source-code.ts';

describe('blankTexts', () => {
  test.each([
    ["a('x//y'); // b", 'a(      );     '],
    ['a/* b */c', 'a       c'],
    [`a(\`b\${c + \`d\${e}f\`}g\`);`, 'a(`  c + `   e` `  ); '],
    ['x = /[/"]/.test(y) / 2 / z;', 'x =       .test(y) / 2 / z;'],
    ['a("\\"process.");', 'a(            );'],
  ])('of %s keeps the code', (source, expected) => {
    const blanked = blankTexts(source);
    expect(blanked.length).toBe(source.length);
    const bare = (text: string): string => text.replace(/[`\s${}]/g, '');
    expect(bare(blanked)).toBe(bare(expected));
  });

  test('keeps lines where they are', () => {
    expect(blankTexts('/* a\nb */\nc').split('\n')).toEqual(['    ', '    ', 'c']);
  });
});

describe('importsOf', () => {
  test.each([
    ["import a from 'x';", { specifier: 'x', typeOnly: false, names: [] }],
    ["import * as a from 'x';", { specifier: 'x', typeOnly: false, names: [] }],
    ["import { a, type B, c as d } from './x.ts';", { specifier: './x.ts', typeOnly: false, names: ['a', 'B', 'c'] }],
    ["import type { A } from 'x';", { specifier: 'x', typeOnly: true, names: ['A'] }],
    ["import { type A, type B } from 'x';", { specifier: 'x', typeOnly: true, names: ['A', 'B'] }],
    ["import a, { type B } from 'x';", { specifier: 'x', typeOnly: false, names: ['B'] }],
    ["import {\n  a,\n} from 'x';", { specifier: 'x', typeOnly: false, names: ['a'] }],
    ["export { a } from 'x';", { specifier: 'x', typeOnly: false, names: ['a'] }],
    ["export * from 'x';", { specifier: 'x', typeOnly: false, names: [] }],
    ["const a = await import('x');", { specifier: 'x', typeOnly: false, names: [] }],
    ["import 'x';", { specifier: 'x', typeOnly: false, names: [] }],
  ])('reads %s', (source, expected) => {
    expect(importsOf(`// first\n${source}\nconst from = 1;\n`)).toEqual([expected]);
  });

  test.each([
    "// import a from 'x';",
    'const a = "import b from \'x\'";',
    'export const a = 1;',
    'import.meta.dirname;',
  ])('finds nothing in %s', (source) => {
    expect(importsOf(source)).toEqual([]);
  });
});
