// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the references of the configuration look like this
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPlainYaml } from '../../../src/config/plain-yaml.ts';
import { readSource } from '../../../src/config/source.ts';
import { filesBelow, ROOT } from '../../support/source-files.ts';

const ENV = { PORT: '15', EMPTY: '', TRUTH: 'true', LIST: '[ a ]' };

/** As objects without a prototype, which is how the parser of all of YAML makes them. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null) return value;
  return Object.assign(
    Object.create(null),
    Object.fromEntries(Object.entries(value).map(([key, it]) => [key, bare(it)])),
  );
}

/** What YAML has rules for, and a few others. */
const SIGNS = ' |\n|:|-|,|[|]|{|}|#|"|\'|a|b|1|.|0|&|*|!|>|%|@|`|\\|?|~|_|/|$|<|=|+'.split('|').concat('|');

const KNOWN: readonly (readonly [string, string])[] = [
  ['a mapping', 'a: 1\nb: x y\n"c d": z\n\'e\': "f"\n'],
  [
    'lists, also those as far left as their key',
    'a:\n- b\n-   c: 1\n    d: 2\n-\n  e: 3\nf:\n  - g\n  - - h\n    - i\n',
  ],
  ['brackets', 'a: { b: [ c, "d", \'e\' ], "f":1, g: {} }\nh: []\n'],
  ['brackets over several lines', 'a: [ b,\n  c ]\nd: {\n    e: f\n  }\n'],
  ['JSON', JSON.stringify({ a: [1, -2.5, true, null, 'x:y'], b: { c: {} } }, null, 2)],
  ['comments and empty lines', '# a\n\na: # b\n  # c\n  b: c#d # e\n\n# f\n'],
  ['numbers and words', 'a: [ 0, -1, .5, 6., 1e3, 1.5E-2, 1_0, 1.2.3.4, true, False, NULL, nulls, yes, 2001-01-01 ]\n'],
  ['addresses', 'a: [ 127.0.0.1:5300, 2001:db8::1 ]\nb: http://x/y?z=1#f\nc: 10.0.0.0/8\n'],
  ['an empty value', 'a:\nb: c\nd:\n'],
  ['keys that are no texts elsewhere', '1: a\ntrue: b\nnull: c\n1.0: d\n__proto__: e\nconstructor: f\n'],
  ['references', 'a: ${PORT}\nb: [ 127.0.0.1:${PORT}, ${NO:-5}, "${PORT}" ]\nc: ${TRUTH}\nd: $${x}\ne: ${EMPTY}x\n'],
  ['no end of the last line', 'a: b'],
  ['other languages', 'a: "größer" # größer\nb: für\n'],
];

const UNKNOWN: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['a key given twice', 'a: 1\na: 2\n'],
  ['a merge key', 'a: { "<<": { b: c } }\n'],
  ['an anchor', 'a: &x 1\n'],
  ['an alias', 'a: *x\n'],
  ['a tag', 'a: !x 1\n'],
  ['a block text', 'a: |\n  b\n'],
  ['a text on two lines', 'a: b\n  c\n'],
  ['a quoted text on two lines', 'a: "b\n  c"\n'],
  ['an escape', 'a: "\\n"\n'],
  ['two single quotes', "a: 'b''c'\n"],
  ['a tab', 'a:\tb\n'],
  ['a second document', 'a: b\n---\nc: d\n'],
  ['a line that is not indented enough', 'a:\n    b: c\n  d: e\n'],
  ['a bracket that is not indented enough', 'a:\n  b: [ c,\n  d ]\n'],
  ['a bracket that is not closed', 'a: [ b\n'],
  ['a value behind a value', 'a: [ b ] c\n'],
  ['two keys on a line', 'a: b: c\n'],
  ['a comma without an item', 'a: [ b, ]\n'],
  ['a reserved character', 'a: @b\n'],
  ['a variable that is not set', 'a: ${NOBODY}\n'],
  ['nesting without end', `${'['.repeat(50)}${']'.repeat(50)}`],
];

describe('plain YAML', () => {
  it.each(KNOWN)('%s is read as the parser of all of YAML does', (_what, text) => {
    const { value, problems } = readSource(text, ENV);
    expect(problems).toEqual([]);
    expect(isDeepStrictEqual(bare(readPlainYaml(text, ENV)?.value), value)).toBe(true);
  });

  it.each(UNKNOWN)('%s is left to that parser', (_what, text) => {
    expect(readPlainYaml(text, ENV)).toBeUndefined();
  });

  it('is what the examples are written in, for the most part', () => {
    const texts = filesBelow('examples').filter((path) => path.endsWith('.yaml'));
    const env = { EDGE_ADDRESS: '192.0.2.10', BALANCER_ADDRESS: '192.0.2.11' };
    const read = texts.filter((path) => readPlainYaml(readFileSync(join(ROOT, path), 'utf8'), env) !== undefined);
    expect(read.length).toBeGreaterThanOrEqual(texts.length / 2);
  });

  it('is never read as anything else, whatever is done to it', () => {
    const line = fc.oneof(
      fc.constantFrom(...KNOWN.flatMap(([, text]) => text.split('\n'))),
      fc.string({ unit: fc.constantFrom(...SIGNS), maxLength: 12 }),
    );
    const indented = fc.tuple(fc.constantFrom('', '', '  ', '    '), line).map(([indent, text]) => indent + text);
    const text = fc.array(indented, { maxLength: 6 }).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, (it) => {
        const plain = readPlainYaml(it, ENV);
        if (plain === undefined) return;
        const whole = readSource(it, ENV);
        expect(whole.problems).toEqual([]);
        expect(isDeepStrictEqual(bare(plain.value), whole.value)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('leaves nothing of itself in a mapping', () => {
    const { value } = readPlainYaml('a: b\n', ENV) as { value: Record<string, unknown> };
    expect('constructor' in value || 'toString' in value || '__proto__' in value).toBe(false);
  });
});
