import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { parseHostPort } from '../../../src/address.ts';
import type { AdminServers } from '../../../src/io/admin.ts';
import { createAdminServer } from '../../../src/io/admin-server.ts';
import { adminPaths } from '../../../src/io/admin-table.ts';
import { listen } from '../../../src/io/listen.ts';
import { silentLog } from '../../../src/io/log.ts';
import { ProcessMetrics } from '../../../src/io/process-metrics.ts';
import { fakeView, startAdmin, targetOf, urlOf } from '../../support/admin-house.ts';
import { cleanups } from '../../support/cleanups.ts';
import { exchange } from '../../support/raw-http.ts';

const closes = cleanups();
const start = async (...options: Parameters<typeof startAdmin>) => closes(await startAdmin(...options));

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
    const metrics = closes(new ProcessMetrics());
    const orders: unknown[] = [];
    const view = fakeView({ started: true, drains: 0, broken: false, orders });
    const paths = adminPaths('admin');
    const server = createAdminServer({ paths, view, metrics, log: silentLog, addressHostOnly: true, idleMs: 400 });
    closes(server);
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
