import { readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { leanAllocator, type StartedProcess } from '../../cli/lean-allocator.ts';
import { Program } from '../support/program.ts';

const SETTINGS = { MALLOC_MMAP_THRESHOLD_: '32768', MALLOC_TRIM_THRESHOLD_: '65536', MALLOC_TOP_PAD_: '0' };

const YAML = `
listeners:
  - { name: web, listen: "127.0.0.1:0", protocol: http, routes: [ { respond: { status: 204 } } ] }
`;

type Call = Parameters<NonNullable<StartedProcess['execve']>>;

function run(over: Partial<StartedProcess>): readonly Call[] {
  const calls: Call[] = [];
  leanAllocator({
    platform: 'linux',
    argv: ['/usr/bin/node', '/opt/outrigger.js', 'sidecar', '-c', 'a file.yaml'],
    argv0: 'node',
    execArgv: ['--enable-source-maps'],
    execPath: '/usr/bin/node',
    env: { PATH: '/bin' },
    execve: (...call) => void calls.push(call),
    ...over,
  });
  return calls;
}

const argvOf = (...command: readonly string[]): string[] => ['/usr/bin/node', '/opt/outrigger.js', ...command];

describe('a process that is started again for the sake of its allocator', () => {
  test('has the same command line, and the same environment but for the settings', () => {
    expect(run({})).toEqual([
      [
        '/usr/bin/node',
        ['node', '--enable-source-maps', '/opt/outrigger.js', 'sidecar', '-c', 'a file.yaml'],
        { PATH: '/bin', ...SETTINGS },
      ],
    ]);
  });

  test.each<[string, Partial<StartedProcess>, number]>([
    ['the name server, which allocates for each datagram', { argv: argvOf('dns', '-c', 'x.yaml') }, 0],
    [
      'the name server with the operator’s settings',
      { argv: argvOf('dns'), env: { ...SETTINGS, MALLOC_TOP_PAD_: '1' } },
      0,
    ],
    ['a command that ends soon', { argv: argvOf('check', '-c', 'x.yaml') }, 0],
    ['no command', { argv: argvOf() }, 0],
    ['another system', { platform: 'darwin' }, 0],
    ['one that has been started again', { env: SETTINGS }, 0],
    ['settings of the operator’s own', { env: { MALLOC_ARENA_MAX: '2' } }, 0],
    ['tunables of the operator’s own', { env: { GLIBC_TUNABLES: 'glibc.malloc.arena_max=2' } }, 0],
  ])('%s', (_, over, times) => {
    expect(run(over)).toHaveLength(times);
  });

  test('is the name server in an image that has the settings, without them', () => {
    const [call] = run({ argv: argvOf('dns', '-c', 'x.yaml'), env: { PATH: '/bin', ...SETTINGS } });
    expect(call?.[1]?.slice(-3)).toEqual(['dns', '-c', 'x.yaml']);
    expect(call?.[2]).toEqual({ PATH: '/bin' });
  });

  test('a Node without the call, or one that refuses it, runs as it is', () => {
    const calls: Call[] = [];
    leanAllocator({ ...process, argv: argvOf('sidecar'), env: {}, execve: undefined } as unknown as StartedProcess);
    const execve = (...call: Call): never => {
      calls.push(call);
      throw new Error('Access to this API has been restricted');
    };
    expect(() => run({ execve })).not.toThrow();
    expect(calls).toHaveLength(1);
  });
});

test.runIf(process.platform === 'linux')(
  'the program runs with the settings, under the id that it was given',
  async () => {
    const program = new Program('sidecar', YAML);
    onTestFinished(() => program.close());
    await program.started();
    const environment = readFileSync(`/proc/${program.child.pid}/environ`, 'latin1').split('\0');
    const set = environment.filter((it) => it.startsWith('MALLOC_'));
    expect(set.toSorted()).toEqual(
      Object.entries(SETTINGS)
        .map(([name, value]) => `${name}=${value}`)
        .toSorted(),
    );
  },
);
