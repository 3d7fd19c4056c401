import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compilePlaces } from '../../../sidecar/json/json-places.ts';
import { scanJson } from '../../../sidecar/json/json-scan.ts';
import { parseJsonPointer } from '../../../src/json-pointer.ts';

function textsAt(json: string, ...pointers: readonly string[]): readonly (string | undefined)[] | undefined {
  return scanJson(json, compilePlaces(pointers.map((it) => parseJsonPointer(it) ?? [])));
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe('the text at a place in a document', () => {
  test.each<[string, string, string | undefined]>([
    ['{"user":{"id":"42"}}', '/user/id', '42'],
    [' {\n"a" :\t[ 1 , { "b" : "x" } ]\r\n} ', '/a/1/b', 'x'],
    ['["a","b"]', '/1', 'b'],
    ['["a","b"]', '/2', undefined],
    ['["a","b"]', '/01', undefined],
    ['["a","b"]', '/-', undefined],
    ['{"-":1,"01":2}', '/-', '1'],
    ['{"-":1,"01":2}', '/01', '2'],
    ['{"":{"":"deep"}}', '//', 'deep'],
    ['{"a/b":1,"m~n":2}', '/a~1b', '1'],
    ['{"a/b":1,"m~n":2}', '/m~0n', '2'],
    // Escapes are undone on both sides of the colon.
    [String.raw`{"\u0061":"\u00e9\n\"\\\/"}`, '/a', 'é\n"\\/'],
    [String.raw`{"a":"\ud83d\ude00"}`, '/a', '😀'],
    // Numbers stay as they were written: 2^53 + 1 has no double.
    ['{"id":9007199254740993}', '/id', '9007199254740993'],
    ['{"id":1.0}', '/id', '1.0'],
    ['{"id":-0}', '/id', '-0'],
    ['{"id":1E+400}', '/id', '1E+400'],
    ['{"id":true}', '/id', 'true'],
    ['{"id":false}', '/id', 'false'],
    ['{"id":""}', '/id', ''],
    // What has no text of its own.
    ['{"id":null}', '/id', undefined],
    ['{"id":{}}', '/id', undefined],
    ['{"id":[]}', '/id', undefined],
    ['{"id":"x"}', '/id/0', undefined],
    ['{"ID":"x"}', '/id', undefined],
    ['"text"', '/id', undefined],
    // Names that every object has in JavaScript are names like any other.
    ['{"__proto__":{"id":"1"}}', '/__proto__/id', '1'],
    ['{"__proto__":{"id":"1"}}', '/id', undefined],
    ['{}', '/constructor', undefined],
    ['{}', '/__proto__', undefined],
    ['[]', '/length', undefined],
    // Given twice: nobody knows which of the two the endpoint takes.
    ['{"id":"1","id":"2"}', '/id', undefined],
    ['{"id":"1","id":"1"}', '/id', undefined],
    ['{"id":"1","id":"2","id":"3"}', '/id', undefined],
    [String.raw`{"id":"1","\u0069d":"2"}`, '/id', undefined],
    ['{"user":{"id":"1"},"user":{"id":"2"}}', '/user/id', undefined],
    ['{"user":{"id":"1"},"user":{}}', '/user/id', undefined],
    ['{"user":{},"user":{"id":"1"}}', '/user/id', undefined],
    ['{"x":1,"x":2,"id":"1"}', '/id', '1'],
    ['[{"id":"1"},{"id":"2"}]', '/1/id', '2'],
  ])('%s at %s is %j', (json, pointer, expected) => {
    expect(textsAt(json, pointer)).toEqual([expected]);
  });

  test('is found for many places in one pass, also where one lies within another', () => {
    const json = '{"a":{"b":{"c":"1"},"d":2},"e":[true,"x"]}';
    expect(textsAt(json, '/a/b/c', '/a/b', '/e/1', '/a/d', '/e/0', '/nothing')).toEqual([
      '1',
      undefined,
      'x',
      '2',
      'true',
      undefined,
    ]);
  });
});

describe('a document', () => {
  test.each([
    '',
    ' ',
    '{',
    '}',
    '{"a":1',
    '{"a":1,}',
    '{,}',
    '{"a"}',
    '{"a":}',
    '{"a" 1}',
    '{a:1}',
    "{'a':1}",
    '{"a":1}x',
    '{"a":1}{"a":1}',
    '[1,]',
    '[,1]',
    '[1 2]',
    '[',
    '"a',
    '"\u0001"',
    '"a\nb"',
    String.raw`"\x"`,
    String.raw`"\u12g4"`,
    String.raw`"\u123`,
    '"\\',
    '01',
    '+1',
    '.5',
    '1.',
    '1e',
    '0x10',
    'NaN',
    'Infinity',
    'True',
    'nul',
    'undefined',
    '// c\n1',
    '\u00a01',
    '\ufeff1',
    '{"a":1}\u0000',
  ])('%j is no JSON', (text) => {
    expect(isJson(text)).toBe(false);
    expect(textsAt(text, '/a')).toBeUndefined();
  });

  test('may be nested 64 deep, in whatever part of it', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(textsAt(nested(64), '/a')).toEqual([undefined]);
    expect(textsAt(nested(65), '/a')).toBeUndefined();
    expect(textsAt(`{"a":"x","b":${nested(64)}}`, '/a')).toBeUndefined();
    expect(textsAt('['.repeat(65_536), '/a')).toBeUndefined();
    expect(textsAt('{"a":'.repeat(13_000), '/a')).toBeUndefined();
  });

  test('is JSON exactly where the language says so, whatever is done to it', () => {
    const characters = fc.constantFrom(...Array.from('{}[]":,\\/u0e19.-+ \n\tatrfnls\u00e9'));
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), characters, fc.nat(), fc.boolean(), (json, character, place, replaces) => {
        expect(textsAt(json, '/a')).toBeDefined();
        const at = place % (json.length + 1);
        const broken = json.slice(0, at) + character + json.slice(at + (replaces ? 1 : 0));
        expect(textsAt(broken, '/a') !== undefined).toBe(isJson(broken));
      }),
      { numRuns: 2_000 },
    );
  });

  test('has at every place what JSON.parse finds there', () => {
    const leaf = fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.boolean());
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.dictionary(fc.string(), leaf)), (value) => {
        const paths = Object.entries(value).flatMap(([a, below]) => Object.keys(below).map((b) => [a, b]));
        const texts = scanJson(JSON.stringify(value), compilePlaces(paths));
        expect(texts).toEqual(paths.map(([a = '', b = '']) => String(value[a]?.[b])));
      }),
      { numRuns: 500 },
    );
  });

  test('of 64 KiB takes time in proportion to its size', () => {
    const hostile = [
      `"${'\\'.repeat(65_000)}"`,
      `"${'a'.repeat(65_000)}"`,
      `[${'1,'.repeat(32_000)}1]`,
      `{${'"a":1,'.repeat(10_000)}"a":1}`,
      '9'.repeat(65_000),
      ' '.repeat(65_000),
      '"\\u0061'.repeat(9_000),
    ];
    const startedAt = performance.now();
    for (const text of hostile) textsAt(text, '/a', '/b/c', '/1');
    // A second is a hundred times what it takes, and far below what anything worse than linear would.
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
