import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommandLine } from '../../cli/program.ts';
import { FakeTerminal } from '../support/fake-terminal.ts';

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'outrigger-window-'));
  file = join(folder, 'dns.yaml');
  writeFileSync(file, CONFIG);
});
afterAll(() => rmSync(folder, { recursive: true }));

const POOLS =
  'pools: [ { name: primary, members: { consul: { service: edge } } }, { name: backup, members: { static: [ 192.0.2.2 ] } } ]';
const ZONE = 'soa: { mname: ns.example.com, rname: hostmaster.example.org }, ns: [ ns.example.com ]';
const CONFIG = `dns:
  listen: [ "127.0.0.1:5353" ]
  zones:
    example.org:
      { ${ZONE},
        records:
          { fixed: { a: [ 192.0.2.1 ] },
            www: { policy: failover, ${POOLS}, failover_target: 10s, probe: { http: { port: 1 }, interval: 1s, timeout: 500ms } },
            db: { policy: failover, ${POOLS}, probe: { tcp: { port: 5432 }, interval: 10s } } } }
    example.net: { ${ZONE}, records: { www: { policy: all, ${POOLS} } } }
`;

async function run(...args: string[]) {
  const terminal = new FakeTerminal();
  const code = await runCommandLine(['dns-window', '-c', file, ...args], terminal);
  return { code, out: terminal.printed.join('\n'), err: terminal.complained.join('\n') };
}

describe('dns-window', () => {
  test('shows each balanced record term by term', async () => {
    const { code, out, err } = await run();
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const [legend, ...records] = out.split('\n\n').toReversed();
    expect(records.toReversed()).toEqual([
      [
        'www.example.org: failover, primary → backup; failover_target 10s is met, with 4.48s to spare',
        '  FAILURE    DETECTION              PROPAGATION  TTL  TOTAL',
        '  killed     3 × 1s = 3s            20ms         2s   5.02s',
        '  hung, cut  3 × 1s + 500ms = 3.5s  20ms         2s   5.52s',
        '  TTL served: 3s in good health, 2s, 2s as probes fail (2s to 30s are configured)',
      ].join('\n'),
      [
        'db.example.org: failover, primary → backup',
        '  FAILURE  DETECTION           PROPAGATION  TTL  TOTAL',
        '  killed   3 × 10s = 30s       20ms         10s  40.02s',
        '  hung     never               -            -    -',
        '  cut      3 × 10s + 1s = 31s  20ms         10s  41.02s',
        '  hung: a tcp probe does not notice: the kernel goes on accepting connections',
        '  TTL served: 30s in good health, 20s, 10s as probes fail (2s to 30s are configured)',
      ].join('\n'),
      [
        'www.example.net: all, primary, backup',
        '  FAILURE                      DETECTION  PROPAGATION  TTL  TOTAL',
        '  killed, hung, cut (primary)  unknown    1.12s        2s   unknown + 3.12s',
        '  killed, hung, cut (backup)   never      -            -    -',
        '  killed, hung, cut (primary): without a probe, only its check in Consul decides how soon a member is down',
        '  killed, hung, cut (backup): without a probe, members of a list are always up',
        '  TTL served: 2s (2s to 30s are configured)',
      ].join('\n'),
    ]);
    expect(legend).toMatch(/^TTL: what can be left of it .* Not included: /);
  });

  test('shows the same as JSON', async () => {
    const { out } = await run('--json', 'www.example.org.', 'www.example.net');
    expect(JSON.parse(out)).toMatchObject({
      records: [
        {
          name: 'www.example.org',
          policy: 'failover',
          windows: [
            { failure: 'killed', pools: ['primary', 'backup'], outcome: 'calculated', why: '3 × 1s', total_ms: 5_020 },
            { failure: 'hung', detection_ms: 3_500, propagation_ms: 20, ttl_ms: 2_000, total_ms: 5_520 },
            { failure: 'cut', total_ms: 5_520 },
          ],
          ttl_seconds: [3, 2, 2],
          worst_ms: 5_520,
          failover_target_ms: 10_000,
        },
        {
          name: 'www.example.net',
          windows: expect.arrayContaining([
            expect.objectContaining({ outcome: 'unknown', detection_ms: null, propagation_ms: 1_120, total_ms: null }),
            expect.objectContaining({ outcome: 'never', propagation_ms: null, ttl_ms: null, total_ms: null }),
          ]) as unknown,
          worst_ms: null,
          failover_target_ms: null,
        },
      ],
      max_ms: null,
      exceeded: false,
    });
  });

  test('shows what the documentation shows', async () => {
    const page = readFileSync(new URL('../../docs/dns.md', import.meta.url), 'utf8');
    const path = join(folder, 'page.yaml');
    writeFileSync(path, /```yaml\n(dns:\n[^`]*)```/.exec(page)?.[1] ?? '');
    const terminal = new FakeTerminal();
    expect(await runCommandLine(['dns-window', '-c', path], terminal)).toBe(0);
    const [shown = ''] = terminal.printed.join('\n').split('\n\n');
    expect(page).toContain(`www.edge.example.com\n${shown.replace(/^/gm, '    ')}\n`);
  });

  const heads = (out: string): readonly string[] => [...out.matchAll(/^([a-z.]+): /gm)].map((match) => match[1] ?? '');

  test('takes names in full, and as zones have them', async () => {
    expect(heads((await run('WWW.example.NET')).out)).toEqual(['www.example.net']);
    expect(heads((await run('www')).out)).toEqual(['www.example.org', 'www.example.net']);
  });

  test('ends with 75 where a record takes longer than allowed, or where that is not known', async () => {
    expect(await run('--max', '5520ms', 'www.example.org')).toMatchObject({ code: 0, err: '' });
    const { code, out, err } = await run('--max', '5s', '--json');
    expect({ code, err }).toEqual({
      code: 75,
      err: 'outrigger: over 5s: www.example.org (5.52s), db.example.org (not bounded), www.example.net (not bounded)',
    });
    expect(JSON.parse(out)).toMatchObject({ max_ms: 5_000, exceeded: true });
    expect(await run('--max', '1h', 'db.example.org')).toMatchObject({
      code: 75,
      err: 'outrigger: over 1h: db.example.org (not bounded)',
    });
  });

  test('of a configuration without balanced records says so', async () => {
    writeFileSync(join(folder, 'none.yaml'), 'dns: { listen: [ "127.0.0.1:53" ], zones: {} }');
    expect(await run('-c', join(folder, 'none.yaml'))).toEqual({
      code: 0,
      out: `${join(folder, 'none.yaml')} has no balanced records`,
      err: '',
    });
  });

  const wrong: readonly (readonly [what: string, args: readonly string[], message: string])[] = [
    ['a duration without a unit', ['--max', '10'], '--max 10: must be a duration with a unit'],
    ['a mistyped name', ['ww.example.org'], 'no balanced record ww.example.org (did you mean "www.example.org"?)'],
    [
      'a name with fixed records',
      ['fixed'],
      'no balanced record fixed; there are www.example.org, db.example.org, www',
    ],
  ];
  test.each(wrong)('ends with 64 for %s', async (_what, args, message) => {
    const { code, out, err } = await run(...args);
    expect({ code, out }).toEqual({ code: 64, out: '' });
    expect(err).toContain(message);
  });

  test('ends with 64 where the configuration is refused, or has no name server', async () => {
    writeFileSync(join(folder, 'bad.yaml'), CONFIG.replace('failover_target: 10s', 'failover_target: 5s'));
    const refused = await run('-c', join(folder, 'bad.yaml'));
    expect(refused).toMatchObject({ code: 64, out: '' });
    expect(refused.err).toContain('www.failover_target: cannot be met: detection 3.5s + ');
    writeFileSync(join(folder, 'empty.yaml'), '{}');
    expect((await run('-c', join(folder, 'empty.yaml'))).err).toContain('dns: is required for outrigger dns');
  });
});
