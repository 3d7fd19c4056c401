import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProgram } from '../../../src/io/find-program.ts';
import type { CommandEnd } from '../../../src/io/run-command.ts';
import { commandStarter, describeEnd, hasSucceeded } from '../../../src/io/start-command.ts';

describe('a command', () => {
  it('finds PATH and nothing else of this process', async () => {
    const start = await commandStarter('/usr/bin:/bin');
    const end = await start(['sh', '-c', 'env | sed /^PWD=/d | sed /^_=/d | sed /^SHLVL=/d >&2; exit 3'], 10_000).end;
    expect(describeEnd(end)).toBe('ended with 3: PATH=/usr/bin:/bin');
    expect(hasSucceeded(end)).toBe(false);
  });

  it('that takes too long is ended', async () => {
    const start = await commandStarter('/usr/bin:/bin');
    expect(describeEnd(await start(['sleep', '60'], 50).end)).toBe('did not end in time');
  });

  it.each<[CommandEnd, string, boolean]>([
    [{ kind: 'exited', code: 0, said: '' }, 'ended with 0', true],
    [{ kind: 'exited', code: 2, said: 'no such device' }, 'ended with 2: no such device', false],
    [{ kind: 'signalled', signal: 'SIGSEGV', said: '' }, 'was ended by SIGSEGV', false],
    [{ kind: 'not started', code: 'ENOENT' }, 'could not be started: ENOENT', false],
  ])('%j is told', (end, words, isGood) => {
    expect([describeEnd(end), hasSucceeded(end)]).toEqual([words, isGood]);
  });
});

describe('a program on PATH', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'outrigger-path-'));
    writeFileSync(join(folder, 'runs'), '', { mode: 0o755 });
    writeFileSync(join(folder, 'does-not'), '', { mode: 0o644 });
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it('is the first that may be run', async () => {
    const path = ['', join(folder, 'none'), folder].join(delimiter);
    expect(await findProgram('runs', path)).toBe(join(folder, 'runs'));
    expect(await findProgram('does-not', path)).toBeUndefined();
    expect(await findProgram('missing', path)).toBeUndefined();
    expect(await findProgram('runs', '')).toBeUndefined();
  });
});
