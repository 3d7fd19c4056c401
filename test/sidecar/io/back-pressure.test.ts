/** Clients that ask for more than they read: whom it costs what. */
import { describe, expect, it } from 'vitest';
import { cleanups } from '../../support/cleanups.ts';
import { type ForwardingStage, openStage } from '../../support/forwarding-stage.ts';
import { until } from '../../support/until.ts';
import { get, WireClient } from '../../support/wire-client.ts';
import { ok, type UpstreamBehaviour } from '../../support/wire-upstream.ts';

const closes = cleanups();

interface Stage extends ForwardingStage {
  readonly lazy: WireClient;
}

/** `lazy` does not read. */
async function stage(behaviour: UpstreamBehaviour): Promise<Stage> {
  const opened = await openStage(closes, behaviour);
  return { ...opened, lazy: closes(await WireClient.connect(opened.sidecar.address(), { paused: true })) };
}

describe('a client that does not read', () => {
  it('holds up no connection that others use, although its answers have no bodies to hold back', async () => {
    const padding = [`x-padding: ${'x'.repeat(3_000)}`];
    const { sidecar, upstream, lazy } = await stage({
      onRequest: ({ target }, connection) => void connection.send(ok(target === '/lazy' ? '' : 'served', padding)),
    });
    lazy.send(get('/lazy').repeat(4_000));
    expect(await upstream.standstill()).toBeLessThan(4_000);
    const other = closes(await WireClient.connect(sidecar.address()));
    expect(await other.ask(get('/other'))).toMatchObject({ status: 200, body: 'served' });
    expect(upstream.connections).toHaveLength(1);
    lazy.socket.resume();
    for (let i = 0; i < 4_000; i += 1) expect((await lazy.response()).status).toBe(200);
  });

  it('gets all answers that it has asked for before its FIN, once it reads', async () => {
    const { upstream, lazy } = await stage({
      onRequest: (_, connection) => void connection.send(ok('x'.repeat(16_000))),
    });
    // All of them fit into what is read ahead, and so does the FIN.
    lazy.send(get('/').repeat(1_200));
    expect(await upstream.standstill()).toBeLessThan(1_200);
    lazy.end();
    await new Promise((resolve) => setTimeout(resolve, 100));
    lazy.socket.resume();
    for (let i = 0; i < 1_200; i += 1) expect((await lazy.response()).status).toBe(200);
    expect(await lazy.over()).toBe('end');
  });
});

describe('a client that has ended', () => {
  it('is heard at once where a request that waited for its turn lacks the rest of its body', async () => {
    const { sidecar, upstream, lazy } = await stage({ onRequest: () => undefined });
    lazy.send(`${get('/')}POST /half HTTP/1.1\r\nhost: app.test\r\ncontent-length: 10\r\n\r\nhalf`);
    lazy.end();
    await until(() => upstream.requests.length === 1, { what: 'the request' });
    upstream.connections[0]?.send(ok('first'));
    await until(() => sidecar.sum('outrigger_connections') === 0, { what: 'the end', withinMs: 1_500 });
    expect(upstream.executions().get('/half')).toBeUndefined();
    await sidecar.settles();
  });
});
