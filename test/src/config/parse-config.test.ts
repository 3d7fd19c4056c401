// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the references of the configuration look like this
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatProblem, parseConfig } from '../../../src/config/parse-config.ts';
import { redactConfig } from '../../../src/config/redact-config.ts';
import type { Config } from '../../../src/config/root.ts';
import { formatDuration, parseDurationMs } from '../../../src/duration.ts';
import { formatBytes, parseBytes } from '../../../src/size.ts';
import { problemsOf } from '../../support/config-problems.ts';

const whole = readFileSync(new URL('whole-interface.yaml', import.meta.url), 'utf8');
const built = readFileSync(new URL('all-that-is-built.yaml', import.meta.url), 'utf8');

function configOf(text: string, env: Record<string, string> = {}): Config {
  const parsed = parseConfig(text, { file: 'f', env });
  if (!parsed.ok) throw new Error(parsed.problems.map((problem) => formatProblem('f', problem)).join('\n'));
  return parsed.config;
}

describe('a configuration with every key of the interface', () => {
  it('is refused for exactly the keys that are not built yet', () => {
    const problems = problemsOf(whole);
    expect(problems.filter((problem) => !problem.endsWith('is not supported yet'))).toEqual([]);
    expect(problems.map((problem) => problem.split(': ')[1])).toEqual([
      'clusters.users.discover.consul.datacenters',
      'clusters.users.outlier',
      'clusters.users.slow_start',
      'clusters.users.panic_threshold',
      'clusters.users.retry',
      'clusters.users.limits',
    ]);
  });

  it('is read without them', () => {
    const config = configOf(built);
    expect(config.listeners.map((listener) => listener.name)).toEqual(['outbound', 'users-db']);
    expect(config.clusters['users']?.balance).toEqual({
      policy: 'ring_hash',
      hash_key: [{ header: 'x-user-id' }, { cookie: 'uid' }, { path: true }],
      bounded_load: { factor: 1.25, min_slots: 4 },
    });
    expect(config.clusters['users-db']?.discover.static).toEqual([
      { address: { host: '10.0.0.7', port: 5432 }, weight: 1 },
      { address: { host: '10.0.0.8', port: 5432 }, weight: 2, id: 'db-2' },
    ]);
    expect(config.dns?.zones['edge.example.com']?.records['www']).toMatchObject({
      policy: 'failover',
      ttl: { min: 2_000, max: 30_000 },
      probe: { interval: 1_000, timeout: 500, fall: 3, rise: 6, http: { port: 15_020, path: '/ready' } },
    });
  });

  it('reads the same from JSON', () => {
    const json = '{ "log": { "level": "warn" }, "drain": { "grace": "5s" } }';
    expect(configOf(json)).toEqual(configOf('log: { level: warn }\ndrain: { grace: 5s }\n'));
  });
});

describe('defaults', () => {
  it('fill in everything that is not said', () => {
    expect(configOf('{}')).toEqual({
      log: { level: 'info', access: 'all' },
      workers: 1,
      drain: { delay: 0, grace: 30_000 },
      trusted_proxies: [],
      listeners: [],
      clusters: {},
    });
  });

  it('are the same for a cluster and its parts', () => {
    const { users } = configOf('clusters: { users: { discover: { static: [] }, health_check: { tcp: {} } } }').clusters;
    expect(users).toEqual({
      discover: { static: [] },
      balance: { policy: 'round_robin' },
      health_check: { tcp: {}, interval: 2_000, timeout: 1_000, fall: 3, rise: 2 },
      timeouts: { connect: 1_000, request: 15_000, idle: 60_000 },
      required: false,
    });
  });
});

describe('names that JavaScript objects have', () => {
  it('are names of clusters like any other', () => {
    const config = configOf(`clusters:
  constructor: { discover: { static: [] } }
  toString: { discover: { static: [] } }
listeners:
  - { name: a, listen: "127.0.0.1:0", protocol: tcp, to: toString }
`);
    expect(Object.keys(config.clusters)).toEqual(['constructor', 'toString']);
    expect(Object.getPrototypeOf(config.clusters)).toBeNull();
  });

  it('are no clusters where none was written', () => {
    expect(problemsOf('listeners: [ { name: a, listen: "127.0.0.1:0", protocol: tcp, to: valueOf } ]')).toEqual([
      'f:1:67: listeners[0].to: no cluster has this name',
    ]);
  });

  it('change no prototype', () => {
    problemsOf('__proto__: { polluted: 1 }\nclusters: { __proto__: { polluted: 1 } }\n');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('the environment', () => {
  const cases: readonly (readonly [what: string, text: string, env: Record<string, string>, Partial<Config>])[] = [
    ['fills in texts', 'snapshot_dir: /var/${NAME}/x', { NAME: 'edge' }, { snapshot_dir: '/var/edge/x' }],
    ['fills in defaults', 'snapshot_dir: ${NAME:-/var/lib}', {}, { snapshot_dir: '/var/lib' }],
    ['uses a default for an empty variable', 'snapshot_dir: ${NAME:-/a}', { NAME: '' }, { snapshot_dir: '/a' }],
    ['gives numbers', 'workers: ${N}', { N: '3' }, { workers: 3 }],
    ['gives words', 'workers: ${N}', { N: 'auto' }, { workers: 'auto' }],
    ['leaves quoted texts texts', 'snapshot_dir: "${N}"', { N: '1' }, { snapshot_dir: '1' }],
    [
      'works inside braces',
      '{ drain: { grace: ${G}, delay: ${D:-1s} } }',
      { G: '2s' },
      { drain: { delay: 1_000, grace: 2_000 } },
    ],
    ['is escaped by two dollars', 'snapshot_dir: $${NAME}/${NAME}', { NAME: 'x' }, { snapshot_dir: '${NAME}/x' }],
    ['is filled in once', 'snapshot_dir: ${A}', { A: '${B}', B: 'no' }, { snapshot_dir: '${B}' }],
    ['cannot bring in YAML', 'snapshot_dir: ${A}', { A: '[ 1 ]' }, { snapshot_dir: '[ 1 ]' }],
    ['leaves comments alone', 'snapshot_dir: a # ${NOT_SET}', {}, { snapshot_dir: 'a' }],
    ['knows variables of any object name', 'snapshot_dir: ${toString:-a}', {}, { snapshot_dir: 'a' }],
  ];
  it.each(cases)('%s', (_what, text, env, expected) => {
    expect(configOf(text, env)).toMatchObject(expected);
  });

  it('keeps the positions of what comes after it on the line', () => {
    expect(problemsOf('{ snapshot_dir: ${A_LONG_NAME}, log: { level: loud } }', { A_LONG_NAME: 'x' })).toEqual([
      'f:1:47: log.level: must be debug, info, warn or error',
    ]);
  });
});

describe('untrusted text', () => {
  it('never makes parsing throw, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), yamlish()), (text) => {
        const parsed = parseConfig(text, { file: 'f', env: { A: 'x' } });
        if (parsed.ok) return;
        expect(parsed.problems.length).toBeGreaterThan(0);
        for (const { line, column, message } of parsed.problems) {
          expect(line).toBeGreaterThan(0);
          expect(column).toBeGreaterThan(0);
          expect(message).not.toBe('');
        }
      }),
      { numRuns: 300 },
    );
  });

  it('in the shape of a configuration, with anything anywhere, never makes parsing throw', () => {
    const anything = fc.oneof(
      fc.jsonValue({ maxDepth: 1 }),
      fc.constantFrom('users', 'http', 'tcp', '1s', '127.0.0.1:1', {}, [{}]),
    );
    const keys = ['listeners', 'clusters', 'dns', 'consul', 'register', 'status', 'admin', 'zones', 'records', 'to'];
    const key = fc.oneof(fc.constantFrom(...keys), fc.string());
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4, depthSize: 'small' },
        anything,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys), tree), (value) => {
        parseConfig(JSON.stringify(value), { file: 'f', env: {} });
      }),
      { numRuns: 300 },
    );
  });

  it('cannot fill the memory by aliases', () => {
    let text = 'a: &a0 [1,1,1,1,1,1,1,1,1]\n';
    for (let level = 1; level < 10; level++)
      text += `b${level}: &a${level} [${Array(9)
        .fill(`*a${level - 1}`)
        .join(',')}]\n`;
    expect(problemsOf(text).at(-1)).toMatch(/aliases add more than 10000 values$/);
  });

  it('is refused when it is nested without end', () => {
    expect(problemsOf('['.repeat(50_000))).toEqual([expect.stringMatching(/^f:1:\d+: is nested too deeply$/)]);
    expect(problemsOf(`log: ${'['.repeat(100)}${']'.repeat(100)}`)).toContainEqual(
      expect.stringMatching(/is nested too deeply$/),
    );
  });

  it('of thousands of clusters is judged in a second, problems and all', () => {
    let text = 'clusters:\n';
    for (let each = 0; each < 4_000; each++) text += `  c${each}: { discover: { consul: { servce: a } } }\n`;
    const started = performance.now();
    expect(problemsOf(text)).toHaveLength(8_000);
    // Half a second on a slow machine; what grows with the square of the size takes half a minute.
    expect(performance.now() - started).toBeLessThan(8_000);
  });
});

describe('durations and sizes', () => {
  it('are read back from the form they are written in', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999 }), (ms) => {
        expect(parseDurationMs(formatDuration(ms))).toBe(ms);
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999 }), (bytes) => {
        expect(parseBytes(formatBytes(bytes))).toBe(bytes);
      }),
    );
  });
});

describe('a configuration that is shown', () => {
  it('has neither the token nor the password of Consul', () => {
    const config = configOf('consul: { token: t0ken, address: "http://me:pa55@consul:8500/" }');
    const shown = redactConfig(config);
    expect(shown.consul).toEqual({ token: '(redacted)', address: 'http://consul:8500/ (redacted)' });
    expect(config.consul?.token).toBe('t0ken');
  });

  it('has no secret of the name server', () => {
    const secret = '0123456789abcdef0123456789abcdef';
    const config = configOf(`dns: { listen: [ "127.0.0.1:53" ], zones: {}, cookies: { secret: "${secret}" } }`);
    expect(redactConfig(config).dns?.cookies).toEqual({ secret: '(redacted)' });
    expect(config.dns?.cookies.secret).toBe(secret);
  });

  it('is the same without secrets', () => {
    const config = configOf('consul: { address: "http://consul:8500" }');
    expect(redactConfig(config)).toEqual(config);
  });
});

/** Pieces of YAML in any order: more of them get past the first line than of arbitrary characters. */
function yamlish(): fc.Arbitrary<string> {
  const pieces = [
    'a',
    ': ',
    '\n',
    '  ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    ',',
    '"',
    "'",
    '&a ',
    '*a',
    '!t ',
    '|\n',
    '#',
    '${A}',
    '? ',
  ];
  const words = [
    'log',
    'listeners',
    'clusters',
    '<<',
    'dns',
    'zones',
    '---\n',
    '...\n',
    '%YAML 1.1\n',
    '\t',
    '1',
    '0x',
    '~',
  ];
  return fc.array(fc.constantFrom(...pieces, ...words), { maxLength: 40 }).map((parts) => parts.join(''));
}
