// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the references of the configuration look like this
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../cli/config-file.ts';
import { CommandError, describeError } from '../../cli/exit-code.ts';
import { runCommandLine } from '../../cli/program.ts';
import type { Terminal } from '../../cli/terminal.ts';
import packageJson from '../../package.json' with { type: 'json' };

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

let directory: string;
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
};

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'outrigger-cli-'));
});

afterAll(() => rmSync(directory, { recursive: true }));

function terminal(input = ''): Terminal & { out: string[]; err: string[] } {
  const out: string[] = [];
  const err: string[] = [];
  return {
    out,
    err,
    print: (line) => void out.push(line),
    complain: (line) => void err.push(line),
    env: { LEVEL: 'warn' },
    interactive: false,
    readInput: () => Promise.resolve(new TextEncoder().encode(input)),
  };
}

async function run(args: readonly string[], input = ''): Promise<Run> {
  const fake = terminal(input);
  const code = await runCommandLine(args, fake);
  return { code, out: fake.out.join('\n'), err: fake.err.join('\n') };
}

describe('the command line', () => {
  it('says its version', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, out: packageJson.version, err: '' });
  });

  it('has help with an example for every command', async () => {
    const { code, out } = await run(['--help']);
    expect(code).toBe(0);
    const names = [...out.matchAll(/^ {2}([a-z-]+) .*$/gm)].map((line) => line[1]).filter((name) => name !== 'help');
    expect(names).toEqual(expect.arrayContaining(['sidecar', 'dns', 'check', 'completion']));
    for (const name of names) {
      if (name === 'outrigger') continue;
      const help = await run([String(name), '--help']);
      expect(help.code, name).toBe(0);
      expect(help.out, name).toMatch(/^Examples?:\n {2}(source <\()?outrigger /m);
    }
  });

  it('does not list the command that the completion scripts call', async () => {
    expect((await run(['--help'])).out).not.toMatch(/^ {2}complete /m);
  });

  const wrong: readonly (readonly [what: string, args: readonly string[], message: RegExp])[] = [
    ['no command', [], /Usage: outrigger/],
    ['a mistyped command', ['chekc'], /unknown command 'chekc'\n\(Did you mean check\?\)/],
    ['a mistyped option', ['check', '--jsno'], /unknown option '--jsno'\n\(Did you mean --json\?\)/],
    ['a missing option', ['sidecar'], /required option '-c, --config <file>' not specified/],
    ['nothing to check', ['check'], /required option '-c, --config <file>' not specified/],
    ['a missing value', ['check', '-c'], /option '-c, --config <file>' argument missing/],
    ['too many arguments', ['check', 'a.yaml'], /too many arguments/],
    ['an unknown shell', ['completion', 'tcsh'], /Allowed choices are/],
  ];
  it.each(wrong)('ends with 64 for %s', async (_what, args, message) => {
    const { code, out, err } = await run(args);
    expect({ code, out }).toEqual({ code: 64, out: '' });
    expect(err).toMatch(message);
  });
});

describe('check', () => {
  it('says what a sound configuration holds', async () => {
    const path = file('good.yaml', 'log: { level: "${LEVEL}" }\nclusters: { a: { discover: { static: [] } } }\n');
    expect(await run(['check', '-c', path])).toEqual({
      code: 0,
      out: `${path}: ok: 0 listeners, 1 cluster, 0 zones`,
      err: '',
    });
  });

  it('prints every problem on standard error, one a line, and ends with 64', async () => {
    const path = file('bad.yaml', 'listners: []\nlog: { level: loud }\n');
    expect(await run(['check', '-c', path])).toEqual({
      code: 64,
      out: '',
      err: [
        `${path}:1:1: listners: unknown key (did you mean "listeners"?)`,
        `${path}:2:15: log.level: must be debug, info, warn or error`,
      ].join('\n'),
    });
  });

  it('prints problems as JSON', async () => {
    const path = file('bad.yaml', 'log: { level: loud }\n');
    const { code, out, err } = await run(['check', '--json', '-c', path]);
    expect({ code, err }).toEqual({ code: 64, err: '' });
    expect(JSON.parse(out)).toEqual({
      ok: false,
      file: path,
      problems: [{ line: 1, column: 15, path: 'log.level', message: 'must be debug, info, warn or error' }],
    });
  });

  it('prints as JSON that there are none', async () => {
    const { code, out } = await run(['check', '--json', '-c', '-'], '{}');
    expect({ code, report: JSON.parse(out) as unknown }).toEqual({
      code: 0,
      report: { ok: true, file: 'stdin', problems: [] },
    });
  });

  it('reads standard input', async () => {
    expect(await run(['check', '-c', '-'], 'log: {}\nlgo: {}\n')).toEqual({
      code: 64,
      out: '',
      err: 'stdin:2:1: lgo: unknown key (did you mean "log"?)',
    });
  });

  it('prints the JSON schema', async () => {
    const { code, out } = await run(['check', '--schema']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ type: 'object', properties: { listeners: { type: 'array' } } });
  });

  const unreadable: readonly (readonly [what: string, path: () => string, message: string])[] = [
    ['a file that is not there', () => join(directory, 'none.yaml'), 'cannot be read: no such file'],
    ['a folder', () => directory, 'cannot be read: it is a directory'],
    [
      'a file in no folder',
      () => join(file('plain', ''), 'x'),
      'cannot be read: a part of its path is not a directory',
    ],
    ['bytes that are no text', () => file('binary', Uint8Array.of(0xff, 0xfe)), 'is not UTF-8 text'],
    ['a file without end', () => '/dev/zero', 'is larger than 8 MiB'],
  ];
  it.each(unreadable)('refuses %s', async (_what, path, message) => {
    const name = path();
    expect(await run(['check', '-c', name])).toEqual({ code: 64, out: '', err: `${name}:1:1: ${message}` });
  });
});

describe('the configuration of a role', () => {
  it('is read, with defaults', async () => {
    const config = await readConfig('-', terminal('log: { level: warn }'));
    expect(config.log).toEqual({ level: 'warn', access: 'all' });
  });

  it('must give it something to do', async () => {
    for (const [role, complaint] of [
      ['sidecar', 'stdin:1:1: listeners: is required for outrigger sidecar: it would do nothing'],
      ['dns', 'stdin:1:1: dns: is required for outrigger dns: it would do nothing'],
    ] as const) {
      const fake = terminal('{}');
      const failed: unknown = await readConfig('-', fake, role).catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(CommandError);
      expect((failed as CommandError).exitCode).toBe(64);
      expect(fake.err).toEqual([complaint]);
    }
  });
});

describe('an error', () => {
  it('is shown with its causes', () => {
    const error = new Error('cannot bind 127.0.0.1:80', { cause: new Error('EACCES') });
    expect(describeError(error)).toBe('cannot bind 127.0.0.1:80: EACCES');
  });

  it('that is its own cause is shown all the same', () => {
    const error = new Error('round');
    error.cause = error;
    expect(describeError(error)).toMatch(/^round(: round)+$/);
  });
});
