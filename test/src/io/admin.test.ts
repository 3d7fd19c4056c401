import { connect, createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { parseHostPort, parseListenAddress } from '../../../src/address.ts';
import { createAdminServer } from '../../../src/io/admin-server.ts';
import { adminPaths } from '../../../src/io/admin-table.ts';
import { listen } from '../../../src/io/listen.ts';
import { silentLog } from '../../../src/io/log.ts';
import { ProcessMetrics } from '../../../src/io/process-metrics.ts';
import { fakeView, startAdmin, targetOf, urlOf } from '../../support/admin-house.ts';
import { cleanups } from '../../support/cleanups.ts';
import { parsePrometheusText, seriesValue } from '../../support/prometheus-text.ts';
import { exchange } from '../../support/raw-http.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const closes = cleanups();
const start = async (...options: Parameters<typeof startAdmin>) => closes(await startAdmin(...options));

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
    const folder = closes(temporaryFolder()).path;
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
    const metrics = closes(new ProcessMetrics());
    const view = fakeView({ started: true, drains: 0, broken: false });
    const server = createAdminServer({
      paths: adminPaths('status'),
      view,
      metrics,
      log: silentLog,
      addressHostOnly: false,
      idleMs: 200,
    });
    closes(server);
    const address = parseHostPort(await listen(server, { host: '127.0.0.1', port: 0 }))!;
    await exchange(address, wire, 3_000);
  });
});

describe('closing', () => {
  test('ends idle connections at once and those that are stuck soon', async () => {
    const { servers } = await start();
    const closed = Promise.withResolvers<void>();
    const socket = connect(targetOf(servers, 'admin'));
    closes({ close: () => socket.destroy() });
    socket.on('close', () => closed.resolve());
    socket.on('error', () => undefined);
    await new Promise<void>((resolve) => {
      socket.write('GET /live HTTP/1.1\r\nHost: localhost\r\n\r\nGET /li', () => resolve());
    });
    await new Promise((resolve) => socket.once('data', resolve));
    await servers.close();
    await closed.promise;
    const again = createServer();
    closes(again);
    await listen(again, parseListenAddress(servers.addresses.get('admin')!)!);
  });

  test('can be asked for twice', async () => {
    const { servers } = await start();
    await Promise.all([servers.close(), servers.close()]);
  });
});
