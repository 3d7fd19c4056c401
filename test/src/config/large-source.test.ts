// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the references of the configuration look like this
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainer, readLargeSource } from '../../../src/config/large-source.ts';
import { formatProblem, parseConfig } from '../../../src/config/parse-config.ts';
import { readSource } from '../../../src/config/source.ts';
import { ZONE } from '../../support/config-problems.ts';

const ENV = { PORT: '15' };

/** Names of a zone that are plain, so many that anything else is a small part of the file. */
const NAMES = Array.from({ length: 1_500 }, (_, i) => `        h${i}: { a: [ 10.0.0.1 ], ttl: 60s } # a name\n`).join(
  '',
);

function zoneWith(items: string, behind = ''): string {
  return `${ZONE}${NAMES}${items}${NAMES.replaceAll('h', 'i')}${behind}`;
}

const AT = 'dns.zones.example.org.records';

const INDENTED = 'the indentation does not fit the lines above, or a bracket is not closed';
const UNREADABLE = 'cannot be read as YAML from here on; a quote, a bracket or a line break may be missing before';

/** Each with the problem that it is, on the line `n` of what stands between the names; none where it is fine. */
const ITEMS: readonly (readonly [what: string, items: string, problems: readonly string[]])[] = [
  ['an escape', `        x: { txt: [ "a\\tb" ] }\n`, []],
  ['a comment in brackets', `        x: { a: [ # why\n            10.0.0.1 ] }\n`, []],
  ['an anchor and its alias', `        x: &x { a: [ 10.0.0.1 ] }\n        y: *x\n`, []],
  ['a block text', `        x:\n          txt:\n            - |\n              # no comment\n              b\n`, []],
  ['a name that is there twice', `        h7: { a: [ 10.0.0.2 ] }\n`, [`1:9: ${AT}.h7: is given twice`]],
  [
    'a name that is there twice, and then once more in other letters',
    `        h7: { a: [ 10.0.0.2 ] }\n        H8: { a: [ 10.0.0.2 ] }\n`,
    [`1:9: ${AT}.h7: is given twice`, `2:9: ${AT}.H8: is the same name as another: h8`],
  ],
  ['an alias of nothing', `        x: *y\n`, [`1:12: ${AT}.x: is an alias of an anchor that is not set before it`]],
  [
    'an escape in a record with a mistake, beside another',
    `        x: { txt: [ "a\\tb" ], ttl: 5 }\n        y: { a: [ 10.0.0 ] }\n`,
    [
      `1:36: ${AT}.x.ttl: must be a duration with a unit, such as 250ms, 2s, 5m or 1h`,
      `2:19: ${AT}.y.a[0]: must be an IPv4 address`,
    ],
  ],
  ['a bracket that is not closed', `        x: { a: [ 10.0.0.1 }\n`, [`1:28: ${INDENTED}`, `2:9: ${INDENTED}`]],
  ['a quote that is not closed', `        x: "a\n`, ['2:1: a ":", a quote, a comma or a bracket is missing']],
  ['a tab', `\tx: { a: [ 10.0.0.1 ] }\n`, ['1:1: indentation must be spaces, not tabs', `2:1: ${INDENTED}`]],
  ['a colon that is missing', `        x { a: [ 10.0.0.1 ] }\n`, [`1:29: ${UNREADABLE}`, `2:9: ${UNREADABLE}`]],
  ['a line that is indented too far', `         x: { a: [ 10.0.0.1 ] }\n`, [`1:1: ${INDENTED}`]],
];

function problemsOf(text: string): readonly string[] {
  const parsed = parseConfig(text, { file: 'f', env: ENV });
  return parsed.ok ? [] : parsed.problems.map((problem) => formatProblem('f', problem));
}

describe('a large file with few items that are not plain', () => {
  it.each(ITEMS)('is read with %s, and each problem of it is where it is', (_what, items, problems) => {
    const text = zoneWith(items);
    expect(problemsOf(text)).toEqual(problems.map((it) => it.replace(/^\d+/, (line) => `f:${Number(line) + 1_507}`)));
    const large = readLargeSource(text, ENV);
    const whole = readSource(text, ENV);
    if (whole.value !== undefined && large !== undefined)
      expect(isDeepStrictEqual(bare(large.value), bare(whole.value))).toBe(true);
    expect(large).toBeDefined();
  });

  it('is read as the parser of all of YAML does, whatever is done to it', () => {
    const line = fc.constantFrom(
      'a: 1',
      'b: [ c ]',
      '"d": { e: f }',
      'c: *x',
      'a: &x y',
      'g: |',
      'h: "i',
      'j"',
      ']',
      '}',
      'k: [',
      '- l',
      '- m: n',
      '#o',
      '',
      'p',
      "q: 'r''s'",
      '? t',
      'u: v: w',
      '---',
      'x: "${NO}"',
      'y: !!int z',
      'A: "\\n"',
      'z:',
      'aa:',
      '\tb: 1',
    );
    const indented = fc.tuple(fc.constantFrom('', '  ', '    ', '   '), line).map(([indent, it]) => indent + it);
    const piece = fc.array(indented, { maxLength: 5 }).map((lines) => lines.join('\n'));
    const filler = Array.from({ length: 60 }, (_, i) => `    n${i}: { v: [ 1, 2 ] }\n`).join('');
    let read = 0;
    fc.assert(
      fc.property(piece, piece, (first, second) => {
        const text = `r:\n  s:\n${filler}${first}\n${filler.replaceAll('n', 'm')}${second}\n`;
        const large = readLargeSource(text, ENV);
        if (large === undefined) return;
        read += 1;
        const whole = readSource(text, ENV);
        const shown = { text: `${first}\n…\n${second}` };
        expect({ ...shown, isRead: large.value !== undefined }).toEqual({
          ...shown,
          isRead: whole.value !== undefined,
        });
        // What is said of a broken file ends with the lines around the first break.
        if (whole.value === undefined) return;
        expect(large.problems).toEqual(whole.problems);
        expect(isDeepStrictEqual(bare(large.value), bare(whole.value))).toBe(true);
      }),
      { numRuns: 300 },
    );
    expect(read).toBeGreaterThan(50);
  });

  it('may have other ends of lines, and begin with three dashes', () => {
    const text = `# zones\n---\n${zoneWith('        x: { a: [ 10.0.0 ] }\n')}`.replaceAll('\n', '\r\n');
    expect(problemsOf(text)).toEqual([`f:1510:19: ${AT}.x.a[0]: must be an IPv4 address`]);
    expect(plainer('--- # a\nb: c\n')).toBe('#-- # a\nb: c\n');
    expect(plainer('---x\na: b\n---\n')).toBe('---x\na: b\n---\n');
  });
});

/** As objects without a prototype, whoever made them. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, it]) => [key, bare(it)]);
  return Object.assign(Object.create(null), Object.fromEntries(entries));
}
