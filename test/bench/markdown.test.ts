import { describe, expect, test } from 'vitest';
import { markdownTable, replaceSection, withSignedSpread, withSpread } from '../../bench/markdown.ts';

test('a table has its first column to the left and the others to the right', () => {
  expect(
    markdownTable(
      ['', 'ms'],
      [
        ['long name', '1'],
        ['b', '10.5'],
      ],
    ),
  ).toEqual(['|           |   ms |', '| --------- | ---: |', '| long name |    1 |', '| b         | 10.5 |']);
});

describe('a spread', () => {
  test.each([
    [{ median: 1.2, least: 1.1, most: 1.3 }, '1.20 (1.10–1.30)'],
    [{ median: 1.2, least: 1.2, most: 1.2 }, '1.20'],
    [undefined, '–'],
  ])('%j is written as %s', (spread, text) => {
    expect(withSpread(spread, 2)).toBe(text);
  });

  test.each([
    [{ median: 0.1, least: -0.25, most: 0.3 }, '+0.10 (-0.25 to +0.30)'],
    [{ median: 0, least: 0, most: 0 }, '0.00'],
    [undefined, '–'],
  ])('of differences %j is written as %s', (spread, text) => {
    expect(withSignedSpread(spread, 2)).toBe(text);
  });
});

describe('a section of the document', () => {
  const document = 'before\n<!-- bench a -->\nold\n<!-- end a -->\nbetween\n<!-- bench b -->\n<!-- end b -->\n';

  test('is replaced, again and again, and the rest stays', () => {
    const once = replaceSection(document, 'a', 'new\n');
    expect(once).toBe(document.replace('old', 'new'));
    expect(replaceSection(once, 'a', 'new\n')).toBe(once);
  });

  test('must be there', () => {
    expect(() => replaceSection(document, 'c', 'new\n')).toThrow('no place for the results of c');
  });
});
