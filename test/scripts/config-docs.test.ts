import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CONFIG_DOCS, fillConfigDocs } from '../../scripts/config-docs.ts';
import { describeConfig } from '../../src/config/describe-config.ts';
import { formatProblem, parseConfig } from '../../src/config/parse-config.ts';

const docs = readFileSync(CONFIG_DOCS, 'utf8');

describe('the documentation of the configuration', () => {
  it('has the keys, kinds, defaults and meanings of the schema; `node scripts/config-docs.ts` brings it up to date', () => {
    expect(docs).toBe(fillConfigDocs(docs).text);
  });

  it('has every key in a table', () => {
    expect(fillConfigDocs(docs).missing).toEqual([]);
  });

  it('notices a default that has changed', () => {
    const stale = docs.replace('| `30s` | For what runs to finish', '| `31s` | For what runs to finish');
    expect(stale).not.toBe(docs);
    expect(fillConfigDocs(stale).text).toBe(docs);
  });

  it('says of every key what it may be and what it means', () => {
    for (const { path, kind, meaning } of describeConfig().keys) {
      expect(kind, path).not.toBe('');
      expect(meaning, path).not.toBe('');
    }
  });

  it('shows a configuration that check accepts', () => {
    const [example = ''] = /(?<=```yaml\n)listeners:[\s\S]*?(?=```)/.exec(docs) ?? [];
    const parsed = parseConfig(example, { file: 'example', env: {} });
    expect(parsed.ok ? [] : parsed.problems.map((problem) => formatProblem('example', problem))).toEqual([]);
  });

  it('shows a message that check gives', () => {
    const [message = ''] = /(?<= {4}edge\.yaml:)\d.*/.exec(docs) ?? [];
    const text = '\n\n\n\nclusters:\n  users:   { discovr: { file: a } }\n';
    const parsed = parseConfig(text, { file: 'edge.yaml', env: {} });
    expect(parsed.ok ? [] : parsed.problems.map((problem) => formatProblem('edge.yaml', problem))).toContain(
      `edge.yaml:${message}`,
    );
  });
});
