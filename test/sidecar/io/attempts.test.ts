import { describe, expect, it } from 'vitest';
import { cleanups } from '../../support/cleanups.ts';
import { freePorts } from '../../support/consul.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { startTestSidecar, type TestSidecar } from '../../support/sidecar.ts';
import { get, post, WireClient } from '../../support/wire-client.ts';
import { type UpstreamBehaviour, WireUpstream } from '../../support/wire-upstream.ts';

const closes = cleanups();

const DEAF: UpstreamBehaviour = { onRequest: () => undefined };
const hangsUp: UpstreamBehaviour = { onRequest: (_, { socket }) => void socket.destroy() };

describe('attempts', () => {
  async function pair(
    first: UpstreamBehaviour,
    cluster = '',
  ): Promise<{ sidecar: TestSidecar; bad: WireUpstream; good: WireUpstream; client: WireClient }> {
    const [bad, good] = [closes(await WireUpstream.start(first)), closes(await WireUpstream.start())];
    const sidecar = closes(await startTestSidecar({ endpoints: [bad.address, good.address], cluster }));
    return { sidecar, bad, good, client: closes(await WireClient.connect(sidecar.address())) };
  }

  it('a refused connection leads to the next endpoint, for any method and with its body', async () => {
    const { sidecar, bad, good, client } = await pair({});
    await bad.close();
    const body = 'x'.repeat(50_000);
    for (let i = 0; i < 10; i += 1) expect((await client.ask(post(`/${i}`, body))).body).toBe(`/${i}`);
    for (let i = 10; i < 20; i += 1) expect((await client.ask(get(`/${i}`))).body).toBe(`/${i}`);
    expect([...good.executions().values()]).toEqual(Array.from({ length: 20 }, () => 1));
    expect(good.requests[0]?.body).toBe(body);
    const retried = sidecar.sum('outrigger_retries_total', { outcome: 'success' });
    expect(retried).toBeGreaterThanOrEqual(9);
    expect(sidecar.sum('outrigger_upstream_requests_total', { outcome: 'connect_failed' })).toBe(retried);
  });

  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])(
    '%s cut before the first byte of an answer leads to the next endpoint',
    async (method) => {
      const { bad, good, client } = await pair(hangsUp);
      for (let i = 0; i < 4; i += 1) {
        client.send(`${method} /${i} HTTP/1.1\r\nhost: app.test\r\ncontent-length: 3\r\n\r\nabc`);
        expect((await client.response(method)).status).toBe(200);
      }
      expect(bad.requests.length).toBeGreaterThanOrEqual(1);
      expect(good.requests.every(({ body }) => body === 'abc')).toBe(true);
    },
  );

  it.each(['POST', 'PATCH', 'LOCK'])('%s is never executed twice', async (method) => {
    const { bad, good, client } = await pair(hangsUp);
    const statuses: number[] = [];
    for (let i = 0; i < 10; i += 1) {
      client.send(`${method} /${i} HTTP/1.1\r\nhost: app.test\r\ncontent-length: 3\r\n\r\nabc`);
      statuses.push((await client.response(method)).status);
    }
    expect(new Set(statuses)).toEqual(new Set([200, 502]));
    const executed = [...bad.requests, ...good.requests].map(({ target }) => target);
    expect(executed.toSorted()).toEqual(Array.from({ length: 10 }, (_, i) => `/${i}`));
  });

  it('a kept connection that the endpoint closed meanwhile costs a GET nothing', async () => {
    const upstream = closes(await WireUpstream.start());
    const sidecar = closes(await startTestSidecar({ endpoints: [upstream.address] }));
    const client = closes(await WireClient.connect(sidecar.address()));
    for (let i = 0; i < 50; i += 1) {
      expect((await client.ask(get(`/${i}`))).status).toBe(200);
      // Closed in the same moment in which the next request is on its way.
      client.send(get(`/again-${i}`));
      upstream.open.at(-1)?.socket.destroy();
      expect((await client.response()).status).toBe(200);
    }
  });

  it('a body larger than what is kept for another attempt is not sent twice', async () => {
    const { sidecar, client } = await pair({
      onHead: () => true,
      onConnection: ({ socket }) => {
        socket.once('data', () => socket.resetAndDestroy());
        return true;
      },
    });
    const statuses: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      const other = closes(await WireClient.connect(sidecar.address()));
      other.send(`PUT / HTTP/1.1\r\nhost: app.test\r\ncontent-length: 300000\r\n\r\n${'x'.repeat(150_000)}`);
      setTimeout(() => other.send('x'.repeat(150_000)), 50);
      statuses.push((await other.response()).status);
    }
    expect(new Set(statuses)).toEqual(new Set([200, 502]));
    client.close();
  });

  it('three endpoints are tried at most, and the last failure is told', async () => {
    const dead = await freePorts(5);
    const sidecar = closes(await startTestSidecar({ endpoints: dead.map((port) => `127.0.0.1:${port}`) }));
    const client = closes(await WireClient.connect(sidecar.address()));
    expectRefusal(await client.ask(get('/')), { status: 503, reason: 'connect_failed' });
    expect(sidecar.sum('outrigger_upstream_requests_total', { outcome: 'connect_failed' })).toBe(3);
    expect(sidecar.sum('outrigger_retries_total', { outcome: 'failure' })).toBe(2);
  });

  it('a late answer is not asked for elsewhere', async () => {
    const { sidecar, bad, good, client } = await pair(DEAF, 'timeouts: { request: 100ms }');
    const statuses = [(await client.ask(get('/1'))).status, (await client.ask(get('/2'))).status];
    expect(new Set(statuses)).toEqual(new Set([200, 504]));
    expect([bad.requests.length, good.requests.length]).toEqual([1, 1]);
    client.close();
    await sidecar.settles();
  });
});
