import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { README, withValuesTable } from '../../scripts/chart-readme.ts';
import { SCHEMA, valuesSchemaText } from '../../scripts/chart-schema.ts';
import { readChartValues } from '../../scripts/chart-values.ts';
import { CHART, ciFiles, ROOT } from './support/chart.ts';

type Schema = Readonly<Record<string, unknown>>;

describe('what is generated', () => {
  it('values.schema.json is what `node scripts/chart-schema.ts` writes now', async () => {
    expect(await readFile(SCHEMA, 'utf8')).toBe(await valuesSchemaText());
  });

  it('the table in the README is what `node scripts/chart-readme.ts` writes now', async () => {
    const readme = await readFile(README, 'utf8');
    expect(readme).toBe(await withValuesTable(readme));
  });
});

describe('the values', () => {
  it('have a comment each, or stand in a section whose comment speaks for them', async () => {
    const values = await readChartValues();
    const commented = new Set(values.filter(({ comment }) => comment !== '').map(({ path }) => path));
    const silent = values.filter(({ path, isSection }) => {
      const parents = path.split('.').map((_, depth, keys) => keys.slice(0, depth + 1).join('.'));
      return !isSection && !parents.some((parent) => commented.has(parent));
    });
    expect(values.length).toBeGreaterThan(100);
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  it('are in the README, row by row', async () => {
    const readme = await readFile(README, 'utf8');
    for (const { path, isSection } of await readChartValues()) {
      const parents = path.split('.').map((_, depth, keys) => keys.slice(0, depth + 1).join('.'));
      if (!isSection)
        expect(
          parents.some((parent) => readme.includes(`| \`${parent}\` |`)),
          path,
        ).toBe(true);
    }
  });

  it('are examples, all of which the README names', async () => {
    const readme = await readFile(README, 'utf8');
    for (const file of await ciFiles()) expect(readme).toContain(`(ci/${file})`);
  });
});

describe('the schema', () => {
  /** Where any field may stand: labels and the like by their own words, objects of every kind, and Helm's `global`. */
  const OPEN = ['properties.global', 'properties.extraObjects.items.anyOf.1', 'definitions.V1ManagedFieldsEntry'];

  it('closes every mapping', async () => {
    const schema = JSON.parse(await readFile(SCHEMA, 'utf8')) as Schema;
    const open = mappings(schema, '').filter(([, it]) => it['additionalProperties'] === undefined);
    expect(open.map(([path]) => path).filter((path) => !OPEN.some((allowed) => path.startsWith(allowed)))).toEqual([]);
  });

  function mappings(schema: unknown, path: string): readonly (readonly [string, Schema])[] {
    if (typeof schema !== 'object' || schema === null) return [];
    const inner = Object.entries(schema).flatMap(([key, it]) => mappings(it, path === '' ? key : `${path}.${key}`));
    return (schema as Schema)['type'] === 'object' ? [[path, schema as Schema], ...inner] : inner;
  }
});

describe('the chart', () => {
  it('installs the program of the same version', async () => {
    const chart = parse(await readFile(join(CHART, 'Chart.yaml'), 'utf8')) as Schema;
    const program = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Schema;
    expect(chart).toMatchObject({ version: program['version'], appVersion: program['version'] });
    expect(chart['kubeVersion']).toBe('>=1.29.0-0');
  });
});
