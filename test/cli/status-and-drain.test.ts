import { afterEach, describe, expect, test } from 'vitest';
import { runCommandLine } from '../../cli/program.ts';
import { formatStatus } from '../../cli/status-table.ts';
import { ringHash } from '../../src/balance/ring-hash.ts';
import type { ClusterView } from '../../src/cluster-view.ts';
import { reportClusters } from '../../src/clusters-report.ts';
import { startAdminServers } from '../../src/io/admin.ts';
import { silentLog } from '../../src/io/log.ts';
import { firstRecord, recordReload, reportReloads } from '../../src/reload-record.ts';
import { clusterView, discovered } from '../support/cluster-views.ts';
import { FakeHouse } from '../support/fake-house.ts';
import { FakeTerminal } from '../support/fake-terminal.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const users = [
  discovered('node-a/users-1', { host: '10.0.0.7', port: 8080 }),
  discovered('node-b/users-22', { host: '10.0.0.8', weight: 20, health: 'down', healthReason: 'check is critical' }),
];

describe('the table', () => {
  const SINCE = Date.UTC(2026, 0, 2, 3, 4, 5);
  const parts = (views: readonly ClusterView[], record = firstRecord(SINCE)) => ({
    admin: 'http://127.0.0.1:15000',
    ready: { ready: true, reasons: [], stale: [] },
    report: {
      role: 'sidecar',
      config: reportReloads(record),
      ...reportClusters(views, { requiredClusters: new Set(), endpointDetails: () => ({ in_flight: 3 }) }),
    },
  });

  test('shows each cluster with its endpoints in columns', () => {
    const view = clusterView('users', users);
    expect(formatStatus(parts([view])).join('\n')).toBe(`\
sidecar at http://127.0.0.1:15000: ready
configuration in force since 2026-01-02T03:04:05.000Z

users: 1 of 2 up, consul current (0.3 s ago)
  ENDPOINT         ADDRESS        WEIGHT  STATUS  IN FLIGHT  WHY
  node-a/users-1   10.0.0.7:8080  1       up      3
  node-b/users-22  10.0.0.8:80    20      down    3          check is critical`);
  });

  test('says what is missing, stale, saved, held and empty', () => {
    const discovery = { state: 'stale', error: 'status 500', held: 'would lose 2 of 3', fromSaved: true } as const;
    const view = clusterView('users', [], { discovery, policy: ringHash });
    const lines = formatStatus({
      ...parts([view]),
      ready: { ready: false, reasons: ['draining', 'required cluster users has no endpoint up'], stale: ['users'] },
    });
    expect(lines).toEqual([
      'sidecar at http://127.0.0.1:15000: not ready: draining; required cluster users has no endpoint up',
      'stale: users (discovery fails; what was known is used)',
      'configuration in force since 2026-01-02T03:04:05.000Z',
      '',
      `users: 0 of 0 up, ring ${view.snapshot.fingerprint}, ` +
        'consul stale (0.3 s ago; status 500; would lose 2 of 3; from snapshot_dir)',
      '  no endpoints',
    ]);
  });

  test('tells of reloads', () => {
    const applied = recordReload(firstRecord(0), { result: 'applied', needsRestart: ['workers'] }, SINCE);
    const refused = recordReload(applied, { result: 'refused', reason: 'not valid: 1:1: it is empty' }, SINCE + 1_000);
    expect(formatStatus(parts([], refused)).slice(1)).toEqual([
      'configuration in force since 2026-01-02T03:04:05.000Z, reload 1',
      'last reload refused at 2026-01-02T03:04:06.000Z: not valid: 1:1: it is empty',
      'needs a restart: workers',
    ]);
  });

  test.each([
    [{ leading: true, holder: 'edge-1/7' }, 'leads edge/leader and has 192.0.2.10/24'],
    [{ leading: false, holder: 'edge-2/9' }, 'follows edge-2/9 in edge/leader'],
    [
      { leading: false, holder: null, failure: 'connection refused' },
      'nobody known leads edge/leader; consul cannot be asked: connection refused',
    ],
  ])('tells of a lead: %j', (state, line) => {
    const { report, ...rest } = parts([]);
    const lead = { lock: 'edge/leader', address: '192.0.2.10/24', renewal_age_ms: null, changes: 0, failure: null };
    expect(formatStatus({ ...rest, report: { ...report, leader: { ...lead, ...state } } })[2]).toBe(line);
  });

  test('shows the balanced names of a name server above its pools', () => {
    const { report, ...rest } = parts([clusterView('www.lb.test:primary', users)]);
    const pools = [{ name: 'primary', up: 1, members: 2, held: 0, min_up: 1, settled: true, in_use: true }];
    const name = { zone: 'lb.test', name: 'www.lb.test', policy: 'failover', basis: 'up', pools } as const;
    const counts = { ttl_seconds: 2, serial: 1, changes: 0, weights: null };
    const record = { ...name, ...counts, serving: 'all', addresses: ['10.0.0.7'], why: 'members that are up' } as const;
    const lines = formatStatus({ ...rest, report: { ...report, role: 'dns', records: [record] } });
    expect(lines.slice(2, 6)).toEqual([
      '',
      'balanced names',
      '  NAME         POLICY    BASIS  POOL     TTL  ADDRESSES  WHY',
      '  www.lb.test  failover  up     primary  2 s  10.0.0.7   members that are up',
    ]);
    expect(lines.at(7)).toMatch(/^www\.lb\.test:primary: 1 of 2 up/);
  });

  test('says of a member that damping holds for how long, beside why it is not up', () => {
    const { report, ...rest } = parts([clusterView('www.lb.test:primary', users)]);
    const held = { penalty: 1_234, held_seconds: 17.5 };
    const clusters = report.clusters.map((cluster) => ({
      ...cluster,
      endpoints: cluster.endpoints.map((endpoint) => ({ ...endpoint, ...held })),
    }));
    const lines = formatStatus({ ...rest, report: { ...report, clusters } });
    expect(lines.at(-2)).toMatch(/up .* held for 17\.5 s more \(penalty 1234\)$/);
    expect(lines.at(-1)).toMatch(/down +\S.*; held for 17\.5 s more \(penalty 1234\)$/);
  });

  test('lets nothing from elsewhere move the cursor', () => {
    const hostile = discovered('n/\u001b[2J', { health: 'down', healthReason: 'line\r\nbreak\u009b31m' });
    const text = formatStatus(parts([clusterView('users', [hostile])])).join('\n');
    expect(text).toContain('n/\ufffd[2J');
    expect(text).not.toMatch(/[^\P{Cc}\n]/u);
  });
});

/** An admin address over a house; `drain` of the house does what the test says. */
async function serve(onDrain: (house: FakeHouse, close: () => Promise<void>) => void = () => undefined) {
  const house = new FakeHouse();
  const view = {
    ...house.admin,
    clusters: () => [clusterView('users', users)],
    drain: () => {
      house.admin.drain();
      onDrain(house, () => servers.close());
    },
  };
  const config = { admin: { listen: { host: '127.0.0.1', port: 0 } } };
  const servers = await startAdminServers({ config, view, log: silentLog });
  cleanups.push(() => servers.close());
  return { house, admin: `http://${servers.addresses.get('admin')}`, servers };
}

async function run(...args: string[]) {
  const terminal = new FakeTerminal();
  const code = await runCommandLine(args, terminal);
  return { code, out: terminal.printed.join('\n'), err: terminal.complained.join('\n') };
}

describe('outrigger status', () => {
  test('prints the table of a running process', async () => {
    const { admin } = await serve();
    const { code, out } = await run('status', '--admin', admin);
    expect(code).toBe(0);
    expect(out).toContain(`sidecar at ${admin}: ready`);
    expect(out).toContain('node-b/users-22  10.0.0.8:80');
  });

  test('prints JSON', async () => {
    const { admin } = await serve();
    const { out } = await run('status', '--json', '--admin', admin);
    expect(JSON.parse(out)).toMatchObject({ ready: true, role: 'sidecar', clusters: [{ name: 'users', up: 1 }] });
  });

  test('ends with 1 where nobody answers, and names the address', async () => {
    const { admin, servers } = await serve();
    await servers.close();
    expect(await run('status', '--admin', admin)).toMatchObject({
      code: 1,
      err: expect.stringContaining(`cannot ask ${admin}: connect ECONNREFUSED`) as string,
    });
  });

  test.each(['https://127.0.0.1:1', '127.0.0.1', 'unix:relative.sock', 'http://127.0.0.1:0'])(
    'ends with 64 for the address %s',
    async (admin) => {
      expect(await run('status', '--admin', admin)).toMatchObject({ code: 64 });
    },
  );
});

describe('outrigger drain', () => {
  test('begins the drain and ends once the process is gone', async () => {
    const { house, admin } = await serve((_house, close) => void setTimeout(() => void close(), 150));
    expect(await run('drain', '--admin', admin)).toEqual({ code: 0, out: 'drained', err: `draining ${admin}` });
    expect(house.calls).toEqual(['drain']);
  });

  test('ends with 1 when the process still answers after the timeout', async () => {
    const { admin } = await serve();
    const { code, err } = await run('drain', '--admin', admin, '--timeout', '250ms');
    expect([code, err]).toEqual([1, `draining ${admin}\noutrigger: ${admin} still answers after 250ms`]);
  });

  test('ends with 1 where nobody answers', async () => {
    const { admin, servers } = await serve();
    await servers.close();
    const { code, err } = await run('drain', '--admin', admin);
    expect([code, err]).toEqual([1, expect.stringContaining(`cannot ask ${admin} to drain: connect ECONNREFUSED`)]);
  });

  test('ends with 64 for a timeout without a unit', async () => {
    const { admin } = await serve();
    expect(await run('drain', '--admin', admin, '--timeout', '60')).toMatchObject({ code: 64 });
  });
});
