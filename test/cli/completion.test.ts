import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const outrigger = (args: readonly string[], cwd = process.cwd()) => {
  return execFileSync(process.execPath, [main, ...args], { encoding: 'utf8', cwd });
};

describe('completion', () => {
  it('is a script that bash can read', () => {
    const script = outrigger(['completion', 'bash']);
    expect(script).toContain('outrigger complete --');
    execFileSync('bash', ['-n'], { input: script });
  });

  it('is there for zsh and fish', () => {
    expect(outrigger(['completion', 'zsh'])).toMatch(/^#compdef outrigger/);
    expect(outrigger(['completion', 'fish'])).toContain('complete -c outrigger');
  });

  it('offers commands, options, and configuration files', () => {
    expect(outrigger(['complete', '--', 'ch'])).toMatch(/^check\tvalidate a configuration/m);
    expect(outrigger(['complete', '--', 'check', '--'])).toMatch(/^--json\t/m);
    const directory = mkdtempSync(join(tmpdir(), 'outrigger-completion-'));
    try {
      for (const name of ['edge.yaml', 'edge.json', 'notes.txt']) writeFileSync(join(directory, name), '');
      const offered = outrigger(['complete', '--', 'check', '--config', ''], directory);
      expect(offered).toContain('edge.yaml');
      expect(offered).toContain('edge.json');
      expect(offered).not.toContain('notes.txt');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
