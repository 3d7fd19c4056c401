import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { recordWindows, worstWindow } from '../../../src/config/record-window.ts';
import { problemsOf as problemsIn, ZONE } from '../../support/config-problems.ts';

const RECORD = `${ZONE}        www:
          policy: failover
`;
const CONSUL =
  'pools: [ { name: a, members: { consul: { service: edge } } }, { name: b, members: { static: [ 192.0.2.2 ] } } ]';
const LIST =
  'pools: [ { name: a, members: { static: [ 192.0.2.1 ] } }, { name: b, members: { static: [ 192.0.2.2 ] } } ]';
const PROBE = 'probe: { http: { port: 15020, path: /ready }, interval: 1s, timeout: 500ms, fall: 3 }';
const SLOW = 'probe: { http: { port: 1 }, interval: 10s, timeout: 500ms, fall: 3 }';

const textOf = (lines: readonly string[]): string => RECORD + lines.map((line) => `          ${line}\n`).join('');
const parse = (lines: readonly string[]) => parseConfig(textOf(lines), { file: 'f', env: {} });
const problemsOf = (lines: readonly string[]): readonly string[] => problemsIn(textOf(lines));

describe('a failover target', () => {
  const cases: readonly (readonly [what: string, lines: readonly string[], problem: string | undefined])[] = [
    ['that is met', [CONSUL, PROBE, 'ttl: { min: 2s, max: 30s }', 'failover_target: 10s'], undefined],
    ['that is met to the millisecond', [CONSUL, PROBE, 'failover_target: 5520ms'], undefined],
    [
      'that is missed by the shortest TTL',
      [CONSUL, PROBE, 'failover_target: 5519ms'],
      'detection 3.5s + propagation 20ms + TTL 2s = 5.52s; ttl.min of at most 1s, or probe.interval of at most 950ms, or probe.fall of at most 2, or probe.timeout of at most 450ms would',
    ],
    [
      'that is missed by the longest TTL',
      [CONSUL, SLOW, 'failover_target: 37s'],
      'detection 30.5s + propagation 20ms + TTL 10s = 40.52s; ttl.max of at most 6s, or probe.interval of at most 9.15s, or probe.fall of at most 2 would',
    ],
    [
      'that is missed by a TTL that is fixed: the longest cannot be below the shortest',
      [LIST, SLOW, 'ttl: { min: 30s, max: 30s }', 'failover_target: 50s'],
      'detection 30.5s + propagation 20ms + TTL 30s = 60.52s; ttl.min of at most 19s, or probe.interval of at most 6.45s, or probe.fall of at most 1 would',
    ],
    [
      'that takes a shorter TTL and a shorter interval',
      [CONSUL, PROBE, 'failover_target: 3s'],
      'detection 3.5s + propagation 20ms + TTL 2s = 5.52s; ttl.min of 1s together with probe.interval of at most 400ms would',
    ],
    [
      'that takes a shorter timeout besides',
      [CONSUL, 'probe: { http: { port: 1 }, interval: 3s, fall: 3 }', 'failover_target: 4s'],
      'detection 10s + propagation 20ms + TTL 3s = 13.02s; ttl.min of 1s together with probe.interval of at most 850ms and probe.timeout of at most 425ms would',
    ],
    [
      'of a command that takes all of that',
      [CONSUL, 'probe: { exec: { command: [ check ] }, interval: 3s, fall: 3 }', 'failover_target: 4s'],
      'detection 11s + propagation 20ms + TTL 3s = 14.02s; ttl.min of 1s together with probe.interval of at most 700ms and probe.timeout of at most 350ms would',
    ],
    [
      'that nothing meets',
      [CONSUL, PROBE, 'failover_target: 1s'],
      'detection 3.5s + propagation 20ms + TTL 2s = 5.52s; with probe.fall of 3 only failover_target of at least 1.195s would, by ttl.min of 1s together with probe.interval of at most 50ms and probe.timeout of at most 25ms',
    ],
    [
      'of members that only Consul judges',
      [CONSUL, 'failover_target: 10s'],
      'without a probe, only its check in Consul decides how soon a member is down',
    ],
    [
      'of members that are names, without a probe',
      ['pools: [ { name: a, members: { names: [ edge.example.net ] } } ]', 'failover_target: 10s'],
      'without a probe, a member is up for as long as its name has the address',
    ],
    [
      'of members that are names, with a probe',
      ['pools: [ { name: a, members: { names: [ edge.example.net ] } } ]', PROBE, 'failover_target: 5s'],
      'detection 3.5s + propagation 20ms + TTL 2s = 5.52s; ttl.min of at most 1s, or probe.interval of at most 800ms, or probe.fall of at most 2 would',
    ],
    [
      'of members that nobody judges',
      [LIST, 'failover_target: 10s'],
      'without a probe, members of a list are always up',
    ],
    [
      'of a member that stands alone',
      [
        'pools: [ { name: a, members: { static: [ 192.0.2.1, { address: 192.0.2.2, weight: 0 } ] } } ]',
        PROBE,
        'failover_target: 10s',
      ],
      'there is no other member',
    ],
  ];
  it.each(cases)('%s', (_what, lines, problem) => {
    const line = RECORD.split('\n').length + lines.length - 1;
    const place = `f:${line}:11: dns.zones.example.org.records.www.failover_target: cannot be met: `;
    expect(problemsOf(lines)).toEqual(problem === undefined ? [] : [place + problem]);
  });

  it('cannot be met with a tcp probe, which never notices a member that hangs', () => {
    const [problem] = problemsOf([LIST, 'probe: { tcp: { port: 1 } }', 'failover_target: 1h']);
    expect(problem).toMatch(
      /failover_target: cannot be met where a member is hung: a tcp probe does not notice: .*; an http or exec probe would notice$/,
    );
    const alone = ['pools: [ { name: a, members: { static: [ 192.0.2.1 ] } } ]', 'probe: { tcp: { port: 1 } }'];
    expect(problemsOf([...alone, 'failover_target: 1h'])[0]).toMatch(/: cannot be met: there is no other member$/);
  });

  it('is no further problem where its record has one already', () => {
    const crossed = [CONSUL, PROBE, 'ttl: { min: 40s }', 'failover_target: 1s'];
    expect(problemsOf(crossed).map((it) => it.split(': ')[1])).toEqual(['dns.zones.example.org.records.www.ttl.min']);
    const broken = [CONSUL, 'probe: { tcp: {}, interval: 1 }', 'failover_target: 1s'];
    expect(problemsOf(broken).filter((it) => it.includes('failover_target'))).toEqual([]);
  });

  it('is from 100ms to 1h', () => {
    const [problem] = problemsOf([CONSUL, PROBE, 'failover_target: 99ms']);
    expect(problem).toBe('f:12:28: dns.zones.example.org.records.www.failover_target: must be from 100ms to 1h');
  });

  it('is met by each value that the refusal names', () => {
    const records = fc.record({
      kind: fc.constantFrom('http: { port: 1 }', 'exec: { command: [ check ] }'),
      interval: fc.integer({ min: 50, max: 20_000 }),
      timeout: fc.integer({ min: 10, max: 5_000 }),
      fall: fc.integer({ min: 1, max: 5 }),
      min: fc.integer({ min: 0, max: 20 }),
      more: fc.integer({ min: 0, max: 20 }),
      target: fc.integer({ min: 100, max: 60_000 }),
    });
    fc.assert(
      fc.property(records, ({ kind, interval, timeout, fall, min, more, target }) => {
        const values: Record<string, string> = {
          failover_target: `${target}ms`,
          'probe.interval': `${interval}ms`,
          'probe.timeout': `${timeout}ms`,
          'probe.fall': String(fall),
          'ttl.min': `${min}s`,
          'ttl.max': `${min + more}s`,
        };
        const [problem] = problemsOf(linesOf(kind, values));
        if (problem === undefined) return;
        const named = [
          ...problem.matchAll(/(failover_target|probe\.\w+|ttl\.\w+) of (?:at (?:most|least) )?(\S+?)(?=,| |$)/g),
        ];
        const together = problem.includes('together');
        const attempts = together ? [named] : named.map((it) => [it]);
        for (const attempt of attempts) {
          const changed = Object.fromEntries(attempt.map(([, name, value]) => [name, value]));
          expect(problemsOf(linesOf(kind, { ...values, ...changed }))).toEqual([]);
        }
        expect(attempts.length).toBeGreaterThan(0);
      }),
    );
  });
});

function linesOf(kind: string, values: Readonly<Record<string, string>>): readonly string[] {
  const { 'probe.interval': interval, 'probe.timeout': timeout, 'probe.fall': fall } = values;
  return [
    LIST,
    `probe: { ${kind}, interval: ${interval}, timeout: ${timeout}, fall: ${fall} }`,
    `ttl: { min: ${values['ttl.min']}, max: ${values['ttl.max']} }`,
    `failover_target: ${values['failover_target']}`,
  ];
}

describe('the windows of a record', () => {
  function windowsOf(lines: readonly string[]) {
    const parsed = parse(lines);
    const record = parsed.ok ? parsed.config.dns?.zones['example.org']?.records['www'] : undefined;
    if (record === undefined || !('pools' in record)) throw new Error(problemsOf(lines).join('\n'));
    return recordWindows(record);
  }

  it('are one for each failure and kind of members', () => {
    expect(windowsOf([CONSUL]).map((it) => [it.failure, it.pools, it.outcome, it.window?.totalMs])).toEqual([
      ['killed', ['a'], 'unknown', 3_120],
      ['hung', ['a'], 'unknown', 3_120],
      ['cut', ['a'], 'unknown', 3_120],
      ['killed', ['b'], 'never', undefined],
      ['hung', ['b'], 'never', undefined],
      ['cut', ['b'], 'never', undefined],
    ]);
  });

  it('say how the detection comes about', () => {
    const busy = 'probe: { http: { port: 1 }, interval: 1s, timeout: 2s, fall: 3 }';
    expect(windowsOf([LIST, busy]).map((it) => it.why)).toEqual(['3 × 1s', '1s + 2 × 2.1s + 2s', '1s + 2 × 2.1s + 2s']);
    expect(windowsOf([LIST, busy.replace('fall: 3', 'fall: 1')]).map((it) => it.why)).toEqual([
      '1 × 1s',
      '1 × 1s + 2s',
      '1 × 1s + 2s',
    ]);
  });

  it('of a command allow for the time that it takes and for its turn, whatever has failed', () => {
    const slow = 'probe: { exec: { command: [ check ] }, interval: 1s, timeout: 400ms, fall: 3 }';
    expect(windowsOf([LIST, slow]).map((it) => it.why)).toEqual([
      '3 × 1s + 2 × 400ms',
      '3 × 1s + 2 × 400ms',
      '3 × 1s + 2 × 400ms',
    ]);
    expect(worstWindow(windowsOf([LIST, slow]))?.detectionMs).toBe(3_800);
  });

  it('of a tcp probe know no member that hangs, so there is no worst', () => {
    const windows = windowsOf([LIST, 'probe: { tcp: { port: 1 }, interval: 1s, timeout: 500ms }']);
    expect(windows.map((it) => it.outcome)).toEqual(['calculated', 'never', 'calculated']);
    expect(worstWindow(windows)).toBeUndefined();
    expect(worstWindow(windowsOf([LIST]))).toBeUndefined();
  });
});
