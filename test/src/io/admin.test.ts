import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect, createServer, type NetConnectOpts } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { parseHostPort, parseListenAddress } from '../../../src/address.ts';
import { type AdminServers, startAdminServers } from '../../../src/io/admin.ts';
import { createAdminServer } from '../../../src/io/admin-server.ts';
import { adminPaths } from '../../../src/io/admin-table.ts';
import { listen } from '../../../src/io/listen.ts';
import { silentLog } from '../../../src/io/log.ts';
import { ProcessMetrics } from '../../../src/io/process-metrics.ts';
import type { AdminView } from '../../../src/io/running-house.ts';
import { firstRecord } from '../../../src/reload-record.ts';
import { clusterView, discovered } from '../../support/cluster-views.ts';
import { parsePrometheusText, seriesValue } from '../../support/prometheus-text.ts';
import { exchange } from '../../support/raw-http.ts';

interface HouseState {
  started: boolean;
  drains: number;
  broken: boolean;
  /** What was ordered, where the house takes orders. */
  orders?: unknown[];
}

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function fakeView(state: HouseState): AdminView {
  const users = clusterView('users', [discovered('n/1'), discovered('n/2', { port: 81, health: 'down' })]);
  return {
    role: 'sidecar',
    started: () => state.started,
    draining: () => state.drains > 0,
    clusters: () => [users],
    requiredClusters: new Set(['users']),
    endpointDetails: (_cluster, endpoint) => ({ in_flight: endpoint.port }),
    collectMetrics: (writer) => {
      if (state.broken) throw new Error('no metrics today');
      writer.family('outrigger_connections', 'gauge', 'Open connections.');
      writer.sample({ listener: 'outbound' }, 3);
    },
    config: () => ({ consul: { token: '[redacted]' } }),
    reloads: () => firstRecord(0),
    drain: () => {
      state.drains += 1;
    },
    handOver: async () => {
      state.drains += 1;
    },
    ...(state.orders === undefined ? {} : { overrides: takingOrders(state.orders) }),
  };
}

/** A house that takes every order but `"bad"`. */
function takingOrders(orders: unknown[]): NonNullable<AdminView['overrides']> {
  return {
    list: () => ({ overrides: orders }),
    order: (input) => {
      if (input === 'bad') return Promise.resolve({ field: 'state', problem: 'must be up, down or auto' });
      orders.push(input);
      return Promise.resolve({ ordered: input });
    },
  };
}

/** Both addresses on free ports, over a house that the returned state steers. */
async function start(
  addresses: { admin?: string; status?: string } = { admin: '127.0.0.1:0', status: '127.0.0.1:0' },
  orders?: unknown[],
) {
  const state: HouseState = { started: true, drains: 0, broken: false, ...(orders === undefined ? {} : { orders }) };
  const config = {
    admin: addresses.admin === undefined ? undefined : { listen: parseListenAddress(addresses.admin)! },
    status: addresses.status === undefined ? undefined : { listen: parseListenAddress(addresses.status)! },
  };
  const servers = await startAdminServers({ config, view: fakeView(state), log: silentLog });
  cleanups.push(() => servers.close());
  return { state, servers };
}

function urlOf(servers: AdminServers, name: string, path: string): string {
  return `http://${servers.addresses.get(name)}${path}`;
}

function targetOf(servers: AdminServers, name: string): NetConnectOpts {
  return parseHostPort(servers.addresses.get(name)!)!;
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'outrigger-admin-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe('the two addresses', () => {
  test.each([
    ['/live', 200, 200],
    ['/startup', 200, 200],
    ['/ready', 200, 200],
    ['/metrics', 200, 200],
    ['/', 200, 200],
    ['/clusters', 200, 404],
    ['/config', 200, 404],
    ['/drain', 405, 404],
    ['/elsewhere', 404, 404],
    ['/ready/', 404, 404],
    ['/toString', 404, 404],
  ])('GET %s is %d on admin and %d on status', async (path, onAdmin, onStatus) => {
    const { servers } = await start();
    expect((await fetch(urlOf(servers, 'admin', path))).status).toBe(onAdmin);
    expect((await fetch(urlOf(servers, 'status', path))).status).toBe(onStatus);
  });

  test('exist only as far as they are configured', async () => {
    const { servers } = await start({ admin: '127.0.0.1:0' });
    expect([...servers.addresses.keys()]).toEqual(['admin']);
  });

  test('are both free again when one of them cannot be bound, and the error names the address', async () => {
    const { servers } = await start({ status: '127.0.0.1:0' });
    const taken = servers.addresses.get('status')!;
    const folder = temporaryFolder();
    const failing = start({ admin: `unix:${folder}/admin.sock`, status: taken });
    await expect(failing).rejects.toThrow(`cannot listen on ${taken}`);
    await expect(failing).rejects.toHaveProperty('cause.code', 'EADDRINUSE');
    expect((await start({ admin: `unix:${folder}/admin.sock` })).servers.addresses.size).toBe(1);
  });
});

describe('answers', () => {
  test('startup and readiness follow the house', async () => {
    const { state, servers } = await start();
    state.started = false;
    const startup = await fetch(urlOf(servers, 'status', '/startup'));
    expect([startup.status, await startup.json()]).toEqual([
      503,
      { started: false, reasons: ['not every listener accepts yet'] },
    ]);
    expect((await fetch(urlOf(servers, 'status', '/ready'))).status).toBe(503);
    state.started = true;
    const ready = await fetch(urlOf(servers, 'status', '/ready?verbose'));
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true, reasons: [], stale: [] }]);
  });

  test('POST /drain begins a drain and the rest tells of it', async () => {
    const { state, servers } = await start();
    const drain = await fetch(urlOf(servers, 'admin', '/drain'), { method: 'POST', body: 'not read' });
    expect([drain.status, await drain.json(), state.drains]).toEqual([200, { draining: true }, 1]);
    const ready = await fetch(urlOf(servers, 'admin', '/ready'));
    expect([ready.status, await ready.json()]).toEqual([503, { ready: false, reasons: ['draining'], stale: [] }]);
    const metrics = parsePrometheusText(await (await fetch(urlOf(servers, 'admin', '/metrics'))).text());
    expect(seriesValue(metrics, 'outrigger_drain_state')).toBe(1);
  });

  test('/clusters is the report with the details of the house', async () => {
    const { servers } = await start();
    const response = await fetch(urlOf(servers, 'admin', '/clusters'));
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.json()).toMatchObject({
      role: 'sidecar',
      clusters: [{ name: 'users', up: 1, endpoints: [{ id: 'n/1', status: 'up', in_flight: 80 }, { status: 'down' }] }],
    });
  });

  test('/config is what the house gives', async () => {
    const { servers } = await start();
    const response = await fetch(urlOf(servers, 'admin', '/config'));
    expect(await response.json()).toEqual({ consul: { token: '[redacted]' } });
  });

  test('/metrics holds the families of house, clusters and process, each once', async () => {
    const { servers } = await start();
    const response = await fetch(urlOf(servers, 'status', '/metrics'));
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const families = parsePrometheusText(await response.text());
    expect(seriesValue(families, 'outrigger_connections', { listener: 'outbound' })).toBe(3);
    expect(seriesValue(families, 'outrigger_endpoint_up', { cluster: 'users', endpoint: '10.0.0.1:81' })).toBe(0);
    expect(seriesValue(families, 'process_resident_memory_bytes')).toBeGreaterThan(1e7);
    expect(seriesValue(families, 'process_cpu_seconds_total')).toBeGreaterThan(0);
    const startedAt = seriesValue(families, 'process_start_time_seconds')!;
    expect(Date.now() / 1_000 - startedAt).toBeGreaterThan(0);
    expect(Date.now() / 1_000 - startedAt).toBeLessThan(3_600);
    expect(seriesValue(families, 'nodejs_eventloop_lag_seconds')).toBeGreaterThanOrEqual(0);
    if (process.platform === 'linux') expect(seriesValue(families, 'process_open_fds')).toBeGreaterThan(3);
  });

  test('a house that fails to answer costs that one answer', async () => {
    const { state, servers } = await start();
    state.broken = true;
    const failed = await fetch(urlOf(servers, 'admin', '/metrics'));
    expect([failed.status, ((await failed.json()) as { error: string }).error]).toEqual([500, 'internal']);
    state.broken = false;
    expect((await fetch(urlOf(servers, 'admin', '/metrics'))).status).toBe(200);
  });

  test('HEAD is GET without its body', async () => {
    const { servers } = await start();
    const response = await fetch(urlOf(servers, 'admin', '/ready'), { method: 'HEAD' });
    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([200, '39', '']);
  });

  test('a path that does not exist lists those that do', async () => {
    const { servers } = await start();
    const onStatus = (await (await fetch(urlOf(servers, 'status', '/config'))).json()) as { paths: string[] };
    expect(onStatus.paths).toEqual(['/', '/live', '/startup', '/ready', '/metrics']);
  });
});

describe('strictness', () => {
  test.each([
    ['GET', '/drain', 'POST'],
    ['HEAD', '/drain', 'POST'],
    ['POST', '/ready', 'GET, HEAD'],
    ['DELETE', '/clusters', 'GET, HEAD'],
    ['OPTIONS', '/drain', 'POST'],
  ])('%s %s is 405 and allows %s', async (method, path, allow) => {
    const { state, servers } = await start();
    const response = await fetch(urlOf(servers, 'admin', path), { method });
    expect([response.status, response.headers.get('allow'), state.drains]).toEqual([405, allow, 0]);
  });

  test.each([
    ['a rebound name', 'GET /config HTTP/1.1\r\nHost: evil.example.com\r\n', '403'],
    ['a page of another origin', 'POST /drain HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://example.com\r\n', '403'],
    ['no host', 'GET /live HTTP/1.1\r\n', '400'],
    ['garbage', '\x16\x03\x01 hello\r\n', '400'],
    ['a head above 8 KiB', `GET /live HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(9_000)}\r\n`, '431'],
    ['two lengths', 'POST /drain HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n', '400'],
  ])('%s is refused', async (_what, head, status) => {
    const { state, servers } = await start();
    const answer = await exchange(targetOf(servers, 'admin'), `${head}Connection: close\r\n\r\n`);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(state.drains).toBe(0);
  });

  test('the status address answers to any name: probes use what they like', async () => {
    const { servers } = await start();
    const wire = 'GET /live HTTP/1.1\r\nHost: balancer.example.com\r\nConnection: close\r\n\r\n';
    expect(await exchange(targetOf(servers, 'status'), wire)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('a connection that carries a body ends with the answer', async () => {
    const { servers } = await start();
    const wire = 'POST /drain HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\nabc';
    expect(await exchange(targetOf(servers, 'admin'), wire)).toMatch(/^HTTP\/1\.1 200 .*\r\nconnection: close\r\n/s);
  });

  test.each([
    ['says nothing', ''],
    ['stops in the middle of a head', 'GET /live HTTP/1.1\r\nHost: loc'],
  ])('a client that %s is cut', async (_what, wire) => {
    const metrics = new ProcessMetrics();
    const view = fakeView({ started: true, drains: 0, broken: false });
    const server = createAdminServer({
      paths: adminPaths('status'),
      view,
      metrics,
      log: silentLog,
      addressHostOnly: false,
      idleMs: 200,
    });
    cleanups.push(
      () => metrics.close(),
      () => server.close(),
    );
    const address = parseHostPort(await listen(server, { host: '127.0.0.1', port: 0 }))!;
    await exchange(address, wire, 3_000);
  });
});

describe('a path that takes a body', () => {
  const post = (servers: AdminServers, body: string | Buffer<ArrayBuffer>): Promise<Response> =>
    fetch(urlOf(servers, 'admin', '/dns/override'), { method: 'POST', body });

  test('gets all of it as JSON, shows by GET what came of it, and is listed with both', async () => {
    const { servers } = await start({ admin: '127.0.0.1:0' }, []);
    const order = { member: 'é'.repeat(4_000) };
    const response = await post(servers, JSON.stringify(order));
    expect([response.status, await response.json()]).toEqual([200, { ordered: order }]);
    const shown = await fetch(urlOf(servers, 'admin', '/dns/override'));
    expect(await shown.json()).toEqual({ overrides: [order] });
    const { paths } = (await (await fetch(urlOf(servers, 'admin', '/'))).json()) as { paths: Record<string, string>[] };
    expect(paths.filter(({ path }) => path === '/dns/override').map(({ method }) => method)).toEqual(['GET', 'POST']);
  });

  test.each([
    ['that is wrong', '"bad"', 400, { field: 'state', message: 'state: must be up, down or auto' }],
    ['that is no JSON', '{', 400, { field: 'body', message: 'body: is not JSON' }],
    ['that is nothing', '', 400, { field: 'body', message: 'body: is not JSON' }],
    ['that is no text', Buffer.from([0x22, 0xff, 0x22]), 400, { error: 'bad_body' }],
    ['of more than 16 KiB', 'x'.repeat(16_385), 413, { error: 'bad_body' }],
  ])('refuses one %s', async (_what, body, status, answer) => {
    const orders: unknown[] = [];
    const { servers } = await start({ admin: '127.0.0.1:0' }, orders);
    const response = await post(servers, body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject(answer);
    expect(orders).toEqual([]);
  });

  test('gives up on one that is endless, or slow, or cut, and goes on answering', async () => {
    const metrics = new ProcessMetrics();
    const orders: unknown[] = [];
    const view = fakeView({ started: true, drains: 0, broken: false, orders });
    const paths = adminPaths('admin');
    const server = createAdminServer({ paths, view, metrics, log: silentLog, addressHostOnly: true, idleMs: 400 });
    cleanups.push(
      () => metrics.close(),
      () => server.close(),
    );
    const address = parseHostPort(await listen(server, { host: '127.0.0.1', port: 0 }))!;
    const head = 'POST /dns/override HTTP/1.1\r\nHost: localhost\r\n';
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    const endless = await exchange(address, `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(3)}`, 3_000);
    expect(endless).toMatch(/^HTTP\/1\.1 413 .*\r\nconnection: close\r\n/s);
    const slow = await exchange(address, `${head}Content-Length: 10\r\n\r\n{`, 3_000);
    expect(slow).toMatch(/^HTTP\/1\.1 408 .*\r\nconnection: close\r\n/s);
    const socket = connect(address);
    await new Promise<void>((resolve) => void socket.write(`${head}Content-Length: 10\r\n\r\n{`, () => resolve()));
    socket.destroy();
    const good = `${head}Connection: close\r\nContent-Length: 2\r\n\r\n{}`;
    expect(await exchange(address, good, 3_000)).toMatch(/^HTTP\/1\.1 200 /);
    expect(orders).toEqual([{}]);
  });

  test('is not there where a house takes no orders, nor for other methods, origins and addresses', async () => {
    const { servers } = await start();
    expect((await post(servers, '{}')).status).toBe(404);
    expect((await fetch(urlOf(servers, 'status', '/dns/override'))).status).toBe(404);
    const orders: unknown[] = [];
    const { servers: taking } = await start({ admin: '127.0.0.1:0' }, orders);
    const put = await fetch(urlOf(taking, 'admin', '/dns/override'), { method: 'PUT', body: '{}' });
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
    const foreign =
      'POST /dns/override HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://example.com\r\nContent-Length: 2';
    expect(await exchange(targetOf(taking, 'admin'), `${foreign}\r\n\r\n{}`)).toMatch(/^HTTP\/1\.1 403 /);
    expect(orders).toEqual([]);
  });
});

describe('a unix socket', () => {
  function getOver(path: string, socketPath: string): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const request = httpRequest({ socketPath, path, host: 'any.name' }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
    request.once('error', reject).end();
    return promise;
  }

  test('answers, belongs to its owner alone, and goes with its server', async () => {
    const path = join(temporaryFolder(), 'admin.sock');
    const { servers } = await start({ admin: `unix:${path}` });
    expect(servers.addresses.get('admin')).toBe(`unix:${path}`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await getOver('/ready', path)).toBe(200);
    await servers.close();
    expect(() => statSync(path)).toThrow('ENOENT');
  });

  test('is replaced when its process died without removing it', async () => {
    const path = join(temporaryFolder(), 'admin.sock');
    await leaveSocketBehind(path);
    await start({ admin: `unix:${path}` });
    expect(await getOver('/live', path)).toBe(200);
  });

  test('is left alone while another process answers on it', async () => {
    const path = join(temporaryFolder(), 'admin.sock');
    await start({ admin: `unix:${path}` });
    await expect(start({ admin: `unix:${path}` })).rejects.toThrow(`cannot listen on unix:${path}`);
    expect(await getOver('/live', path)).toBe(200);
  });

  test('never replaces a file that is not a socket', async () => {
    const folder = temporaryFolder();
    await expect(start({ admin: `unix:${folder}` })).rejects.toThrow('cannot listen on');
    expect(statSync(folder).isDirectory()).toBe(true);
  });
});

/** What a process leaves that is killed while it listens. */
async function leaveSocketBehind(path: string): Promise<void> {
  const { execFile } = await import('node:child_process');
  const script =
    'require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))';
  await new Promise<void>((resolve) => {
    execFile(process.execPath, ['-e', script, path], () => resolve());
  });
  expect(statSync(path).isSocket()).toBe(true);
}

describe('closing', () => {
  test('ends idle connections at once and those that are stuck soon', async () => {
    const { servers } = await start();
    const closed = Promise.withResolvers<void>();
    const socket = connect(targetOf(servers, 'admin'));
    cleanups.push(() => socket.destroy());
    socket.on('close', () => closed.resolve());
    socket.on('error', () => undefined);
    await new Promise<void>((resolve) => {
      socket.write('GET /live HTTP/1.1\r\nHost: localhost\r\n\r\nGET /li', () => resolve());
    });
    await new Promise((resolve) => socket.once('data', resolve));
    await servers.close();
    await closed.promise;
    const again = createServer();
    cleanups.push(() => again.close());
    await listen(again, parseListenAddress(servers.addresses.get('admin')!)!);
  });

  test('can be asked for twice', async () => {
    const { servers } = await start();
    await Promise.all([servers.close(), servers.close()]);
  });
});
