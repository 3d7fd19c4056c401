import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { CATALOG, chosenOf } from '../../bench/catalog.ts';
import { replaceSection } from '../../bench/markdown.ts';

const names = (only: string): readonly string[] => chosenOf(only).map(({ name }) => name);

describe('what can be measured', () => {
  test('has different names', () => {
    expect(new Set(CATALOG.map(({ name }) => name)).size).toBe(CATALOG.length);
  });

  test('can be had row by row', () => {
    const beginnings = CATALOG.map(({ name }) => names(name).length);
    expect(beginnings).toEqual(CATALOG.map(() => 1));
  });

  test('is all without a choice, and what begins with one of the words', () => {
    expect(names('')).toHaveLength(CATALOG.length);
    expect(names('rss, dns')).toEqual(['rss', 'dns-a', 'dns-zones']);
    expect(() => names('https')).toThrow('--only: choose among http-get-64');
  });

  test('has its place in the document', async () => {
    const document = await readFile(new URL('../../docs/benchmarks.md', import.meta.url), 'utf8');
    for (const { name } of CATALOG) expect(replaceSection(document, name, 'it was here\n')).toContain('it was here');
  });
});
