import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, test } from 'vitest';
import { bytesOf } from '../../../src/hash.ts';
import { compilePattern, type Pattern, validPattern } from '../../../src/pattern/pattern.ts';

function problemOf(source: string): string | undefined {
  const pattern = compilePattern(source);
  return 'problem' in pattern ? pattern.problem : undefined;
}

describe('a pattern', () => {
  test.each([
    ['b', 'abc', true],
    ['^b', 'abc', false],
    ['^a', 'abc', true],
    ['c$', 'abc', true],
    ['b$', 'abc', false],
    ['^$', '', true],
    ['^$', 'a', false],
    ['$^', '', true],
    ['', 'anything', true],
    ['^(?:)$', 'a', false],
    ['\\Aabc\\z', 'abc', true],
    ['^/users/[0-9]+$', '/users/42', true],
    ['^/users/[0-9]+$', '/users/', false],
    ['^/users/[0-9]+$', '/users/42/', false],
    ['^/users/\\d+(/orders)?$', '/users/4/orders', true],
    ['^(a|bc)*$', 'abcbca', true],
    ['^(a|bc)*$', 'abcb', false],
    ['^a{2}$', 'aa', true],
    ['^a{2}$', 'aaa', false],
    ['^a{2,}$', 'aaaaa', true],
    ['^a{0}$', '', true],
    ['^a{1,3}$', 'aaaa', false],
    ['^a{,3}$', 'a{,3}', true],
    ['^x{$', 'x{', true],
    ['^a.c$', 'a\nc', false],
    ['(?s)^a.c$', 'a\nc', true],
    ['(?i)^MoBile$', 'mObilE', true],
    ['(?i:a)b', 'Ab', true],
    ['(?i:a)b', 'AB', false],
    ['(?i)a(?-i)b', 'AB', false],
    ['(?i)a(?-i)b', 'Ab', true],
    ['(?i)[a-c]x', 'BX', true],
    ['(?i)[^a]', 'A', false],
    ['[^/]', '/', false],
    ['[]a]', ']', true],
    ['[^]a]', ']', false],
    ['[a-]', '-', true],
    ['[\\]-]', ']', true],
    ['[\\d.]+$', '1.2', true],
    ['[\\W]', 'a', false],
    ['\\.', 'a', false],
    ['\\x2f', '/', true],
    ['\\x{2f}', '/', true],
    ['\\t', '\t', true],
    ['\\s', ' ', true],
    ['\\S', ' ', false],
    ['^é$', 'é', true],
    ['^é+$', 'ééé', true],
    ['^(?:é|ü)$', 'ü', true],
    ['^..$', 'é', true],
    ['日本', '在日本', true],
    ['(a*)*b', 'aaab', true],
    ['(?P<name>a)(?<other>b)', 'ab', true],
  ])('%s in %j: %s', (source, text, expected) => {
    expect(validPattern(source).test(bytesOf(text))).toBe(expected);
  });

  test.each([
    ['(?=a)', 'has "(?=": look-around is not supported'],
    ['(?!a)', 'has "(?!": look-around is not supported'],
    ['(?<=a)b', 'has "(?<=": look-around is not supported'],
    ['(?<!a)b', 'has "(?<!": look-around is not supported'],
    ['(?>a)', 'has "(?>": this group is not supported'],
    ['(?m)^a', 'has "(?m": this group is not supported'],
    ['(a)\\1', 'has "\\1": back-references are not supported'],
    ['\\bword', 'has "\\b": word boundaries are not supported'],
    ['\\pL', 'has "\\p", which is not known'],
    ['[[:alpha:]]', 'has "[:": named classes are not supported'],
    ['(a', 'has a "(" without its ")"'],
    ['a)', 'has a ")" without its "("'],
    ['[a', 'has a "[" without its "]"'],
    ['[]', 'has a "[" without its "]"'],
    ['a\\', 'ends with a "\\"'],
    ['*a', 'has a "*" with nothing to repeat before it'],
    ['a|+', 'has a "+" with nothing to repeat before it'],
    ['^*', 'repeats a "^" or a "$"'],
    ['a++', 'has two repetitions in a row; put the first into (?:…)'],
    ['a{2}{3}', 'has two repetitions in a row; put the first into (?:…)'],
    ['a{3,2}', 'has "{3,2}", whose ends are the wrong way round'],
    ['a{1001}', 'has "{1001}"; 1000 is the most'],
    ['a{1,9999999999}', 'has "{1,9999999999}"; 1000 is the most'],
    ['[b-a]', 'has a range whose ends are the wrong way round'],
    ['[a-\\d]', 'has a range to or from a class'],
    ['[é]', 'has "é" between brackets, where only ASCII can stand'],
    ['(?i)é', 'has "é" where case does not matter: only ASCII letters fold'],
    ['\\é', 'has "\\é", which is not known'],
    ['\\xzz', 'has a "\\x" that is not followed by the two digits of an ASCII character'],
    ['\\xe9', 'has a "\\x" that is not followed by the two digits of an ASCII character'],
    ['a'.repeat(513), 'is longer than 512 characters'],
    [`${'('.repeat(60)}a${')'.repeat(60)}`, 'has more than 50 groups in one another'],
    ['(a{1000}){1000}', 'is too large: its repetitions multiply'],
    ['((((a{9}){9}){9}){9}){9}', 'is too large: its repetitions multiply'],
    // A back-tracking engine is quick here and a table is not: 2^40 states.
    ['[01]*1[01]{40}$', 'is too complex to be decided in one pass; anchor it with "^", or repeat less'],
    ['a.{50}b', 'is too complex to be decided in one pass; anchor it with "^", or repeat less'],
  ])('%s is refused: it %s', (source, problem) => {
    expect(problemOf(source)).toBe(problem);
  });

  test('is anything at all without an exception', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(...Array.from('ab()[]{}|*+?^$.\\-,09:<>=!iPx')) }),
    );
    fc.assert(
      fc.property(text, (source) => {
        compilePattern(source);
      }),
      { numRuns: 500 },
    );
  });
});

describe('patterns that bring others to their knees', () => {
  test.each([
    ['(a+)+$'],
    ['(a|aa)+$'],
    ['(a*)*b'],
    ['(x+x+)+y'],
    ['(.*)(.*)(.*)(.*)[0-9]$'],
    ['^(([a-z])+.)+[A-Z]([a-z])+$'],
  ])('%s costs one look-up per byte', (source) => {
    const pattern = validPattern(source);
    const text = `${'a'.repeat(65_000)}!`;
    const began = process.cpuUsage();
    pattern.test(text);
    const { user, system } = process.cpuUsage(began);
    // Some 0.2 ms; any engine that goes back needs longer than the test may take.
    expect((user + system) / 1_000).toBeLessThan(200);
  });

  test('find their groups in a bounded number of steps, and say how long a text they take', () => {
    const pattern = validPattern('^((a*)*)*(b|a*a*a*a*)$');
    const text = `${'a'.repeat(Math.min(pattern.longestFind, 60_000) - 1)}c`;
    expect(text.length).toBeGreaterThan(8_192);
    expect(pattern.find(text)).toBeUndefined();
  });
});

describe('what every match begins with', () => {
  test.each([
    ['^/users/[0-9]+', '/users/'],
    ['^/users/', '/users/'],
    ['^(/a)/b', '/a/b'],
    ['\\A/a\\.b', '/a.b'],
    ['^/ab?', '/a'],
    ['^/a|/b', ''],
    ['/users/', ''],
    ['^(?i)/users', '/'],
    ['^[a]b', 'ab'],
    ['', ''],
    ['(^a)?b', ''],
  ])('by %s is %j', (source, beginning) => {
    expect(validPattern(source).beginning).toBe(beginning);
  });
});

/** Random patterns of a small alphabet, so that texts of the same one often match. */
const sources: fc.Arbitrary<string> = fc.letrec<{ all: string; one: string; some: string }>((tie) => ({
  one: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('a', 'b', 'c', '.', '[ab]', '[^a]', '[^b-c]', '\\w', '(?i:B)'),
    tie('all').map((it) => `(${it})`),
    tie('all').map((it) => `(?:${it})`),
  ),
  some: fc
    .tuple(tie('one'), fc.constantFrom('', '', '', '*', '+', '?', '*?', '+?', '??', '{2}', '{1,2}', '{0,2}?', '{2,}'))
    .map(([one, times]) => one + times),
  all: fc
    .array(fc.oneof({ arbitrary: tie('some'), weight: 5 }, { arbitrary: fc.constantFrom('|', '^', '$'), weight: 1 }), {
      maxLength: 4,
    })
    .map((parts) => parts.join('')),
})).all;

const texts = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'B'), maxLength: 10 });

/** Both engines know the pattern. */
function both(source: string): { ours: Pattern; theirs: RE2JS } | undefined {
  const ours = compilePattern(source);
  if ('problem' in ours) return undefined;
  return { ours, theirs: RE2JS.compile(source) };
}

describe('beside RE2', () => {
  test('finds a match in the same texts', () => {
    fc.assert(
      fc.property(sources, fc.array(texts, { minLength: 5, maxLength: 5 }), (source, tried) => {
        const engines = both(source);
        fc.pre(engines !== undefined);
        for (const text of tried) expect([text, engines.ours.test(text)]).toEqual([text, engines.theirs.test(text)]);
      }),
      { numRuns: 1_000 },
    );
  });

  test('finds the same match, and the same groups', () => {
    fc.assert(
      fc.property(sources, texts, (source, text) => {
        const engines = both(source);
        fc.pre(engines !== undefined);
        const matcher = engines.theirs.matcher(text);
        const expected = matcher.find()
          ? Array.from({ length: engines.ours.groups + 1 }, (_, i) => [matcher.start(i), matcher.end(i)]).flat()
          : undefined;
        const found = engines.ours.find(text);
        expect(found === undefined ? undefined : [...found]).toEqual(expected);
        expect(engines.ours.test(text)).toBe(found !== undefined);
      }),
      { numRuns: 1_000 },
    );
  });

  test('every text that matches has the beginning that was told', () => {
    fc.assert(
      fc.property(sources, texts, (source, text) => {
        const pattern = compilePattern(`^${source}`);
        fc.pre(!('problem' in pattern));
        if (pattern.test(text)) expect(text.startsWith(pattern.beginning)).toBe(true);
      }),
    );
  });
});
