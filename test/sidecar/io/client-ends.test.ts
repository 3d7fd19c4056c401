/** Ends and aborts, of the client and of the endpoint, in every phase of a request. */
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { cleanups } from '../../support/cleanups.ts';
import { type ClientStage, openClientStage } from '../../support/forwarding-stage.ts';
import { statusOf } from '../../support/http-wire.ts';
import type { ProxyYaml } from '../../support/sidecar.ts';
import { until } from '../../support/until.ts';
import { get, WireClient } from '../../support/wire-client.ts';
import { answering, type UpstreamBehaviour } from '../../support/wire-upstream.ts';

const closes = cleanups();
const stage = (behaviour?: UpstreamBehaviour, yaml?: Partial<ProxyYaml>): Promise<ClientStage> =>
  openClientStage(closes, behaviour, yaml);

describe('what a client sends and closes', () => {
  it('half-closed, a whole request is still answered', async () => {
    const { client } = await stage();
    client.send(get('/whole'));
    client.end();
    expect((await client.response()).body).toBe('/whole');
    expect(await client.over()).toBe('end');
  });

  it('closed while it waits, the request is given up, and the endpoint hears of it at once', async () => {
    const { client, sidecar, upstream } = await stage({ onRequest: () => undefined });
    client.send(get('/'));
    await until(() => upstream.requests.length === 1, { what: 'the request' });
    await setTimeout(50);
    const closedAt = performance.now();
    client.end();
    await until(() => upstream.open.length === 0, { what: 'the endpoint to hear of it', withinMs: 1_000 });
    expect(performance.now() - closedAt).toBeLessThan(500);
    await sidecar.settles();
    expect(sidecar.sum('outrigger_upstream_requests_total', { outcome: 'cancelled' })).toBe(1);
  });

  it('half a body with a FIN never becomes a whole one upstream', async () => {
    const { client, sidecar, upstream } = await stage();
    client.send('POST / HTTP/1.1\r\nhost: app.test\r\ncontent-length: 10\r\n\r\nhalf');
    await until(() => upstream.connections[0]?.received.endsWith('half') === true, { what: 'the half' });
    client.end();
    await until(() => upstream.open.length === 0, { what: 'the upstream connection to close' });
    expect(upstream.requests).toHaveLength(0);
    await sidecar.settles();
  });

  it('an abort reaches the endpoint at once, before and during its answer', async () => {
    const { sidecar, upstream } = await stage(answering('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345'));
    const during = closes(await WireClient.connect(sidecar.address()));
    during.send(get('/'));
    await during.receives((text) => text.endsWith('12345'));
    during.reset();
    await until(() => upstream.open.length === 0, { what: 'the endpoint to hear of it', withinMs: 1_000 });
    upstream.behaviour = { onRequest: () => undefined };
    const before = closes(await WireClient.connect(sidecar.address()));
    before.send(get('/'));
    await until(() => upstream.requests.length === 2, { what: 'the request' });
    before.reset();
    await until(() => upstream.open.length === 0, { what: 'the endpoint to hear of it', withinMs: 1_000 });
    const requests = { listener: 'web', route: 'routes[0]', cluster: 'app', reason: '' };
    await until(() => sidecar.value('outrigger_requests_total', { ...requests, status: '0' }) === 1, {
      what: 'the count',
    });
    expect(sidecar.value('outrigger_requests_total', { ...requests, status: '200' })).toBe(1);
    expect(sidecar.sum('outrigger_upstream_requests_total', { outcome: 'cancelled' })).toBe(2);
  });

  it('an answer that the endpoint breaks off is cut, visibly', async () => {
    const { client, sidecar, upstream } = await stage(answering('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345'));
    client.send(get('/'));
    await client.receives((text) => text.endsWith('12345'));
    upstream.connections[0]?.socket.end();
    await client.over();
    expect(client.received.endsWith('12345')).toBe(true);
    expect(statusOf({ line: client.received })).toBe(200);
    await sidecar.settles();
    expect(sidecar.sum('outrigger_requests_total', { status: '200', reason: 'upstream_reset' })).toBe(1);
  });
});
