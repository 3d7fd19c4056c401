/** The files that people copy first must be valid, whatever becomes of the schema. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/parse-config.ts';

const FOLDER = join(import.meta.dirname, '../../examples');
const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yaml'));

test('there are examples', () => {
  expect(files).toEqual(expect.arrayContaining(['sidecar.yaml', 'edge-pair/edge.yaml', 'l4-edge/balancer.yaml']));
});

test.each(files)('%s passes check with nothing but the variables it cannot know', (file) => {
  const text = readFileSync(join(FOLDER, file), 'utf8');
  const result = parseConfig(text, { file, env: { EDGE_ADDRESS: '192.0.2.10', BALANCER_ADDRESS: '192.0.2.11' } });
  expect(result).toMatchObject({ ok: true });
});

test('the configuration in the README passes check', () => {
  const readme = readFileSync(join(FOLDER, '../README.md'), 'utf8');
  const text = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  expect(parseConfig(text, { file: 'README.md', env: {} })).toMatchObject({ ok: true });
});

const routing = readFileSync(join(FOLDER, '../docs/routing.md'), 'utf8');
const examples = [...routing.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');

test('docs/routing.md has examples', () => {
  expect(examples.length).toBeGreaterThanOrEqual(3);
});

test.each(examples)('a configuration in docs/routing.md passes check: %#', (text) => {
  expect(parseConfig(text, { file: 'routing.md', env: {} })).toMatchObject({ ok: true });
});

test.each(files.filter((file) => file.includes('/')))(
  '%s says of each variable that it takes what it is for',
  (file) => {
    const text = readFileSync(join(FOLDER, file), 'utf8');
    const used = new Set([...text.matchAll(/\$\{([A-Z_]+)/g)].map(([, name = '']) => name));
    const told = new Set([...text.matchAll(/^# {3}([A-Z_]+) {2,}/gm)].map(([, name = '']) => name));
    expect([...told].toSorted()).toEqual([...used].toSorted());
  },
);
