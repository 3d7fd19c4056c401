import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configJsonSchema } from '../../../src/config/json-schema.ts';
import { misfits, type Schema } from '../../support/json-schema.ts';

const schema = configJsonSchema() as Schema;
const read = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8');

describe('the JSON schema', () => {
  it('accepts a configuration of everything that is built', () => {
    expect(misfits(schema, parse(read('all-that-is-built.yaml')))).toEqual([]);
  });

  it('accepts the examples of the documentation', () => {
    const docs = read('../../../docs/configuration.md');
    const [example = ''] = /(?<=```yaml\n)listeners:[\s\S]*?(?=```)/.exec(docs) ?? [];
    expect(example).not.toBe('');
    expect(misfits(schema, parse(example))).toEqual([]);
  });

  it('refuses what is not built yet, as unknown keys', () => {
    const found = misfits(schema, parse(read('whole-interface.yaml')));
    expect(found).toContain('.clusters.users.outlier false');
    expect(found).toContain('.clusters.users.slow_start false');
  });

  const broken: readonly (readonly [what: string, text: string, misfit: string])[] = [
    ['an unknown key', 'listners: []', '.listners false'],
    ['a number for a duration', 'drain: { grace: 30 }', '.drain.grace type'],
    ['a duration without a unit', 'drain: { grace: "30" }', '.drain.grace pattern'],
    ['a missing key', 'status: {}', '.status required'],
    ['a port out of range', 'register: { service: a, address: b, port: 70000 }', '.register.port maximum'],
    ['half a port', 'register: { service: a, address: b, port: 1.5 }', '.register.port type'],
    ['a level that is none', 'log: { level: loud }', '.log.level enum'],
    ['a mapping for a list', 'trusted_proxies: {}', '.trusted_proxies type'],
    ['a name of another kind', 'clusters: { "a b": { discover: {} } }', '.clusters.a b pattern'],
    ['a list without an item', 'dns: { listen: [], zones: {} }', '.dns.listen minItems'],
  ];
  it.each(broken)('refuses %s', (_what, text, misfit) => {
    expect(misfits(schema, parse(text))).toContain(misfit);
  });

  it('describes every key, for editors to show', () => {
    const nameless: string[] = [];
    const visit = (each: unknown, path: string): void => {
      if (typeof each !== 'object' || each === null) return;
      for (const [key, value] of Object.entries(each)) {
        const below = `${path}/${key}`;
        if (path.endsWith('/properties') && !Object.hasOwn(value as object, 'description')) nameless.push(below);
        visit(value, below);
      }
    };
    visit(schema, '');
    expect(nameless).toEqual([]);
  });
});
