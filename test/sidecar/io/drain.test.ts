import { describe, expect, it } from 'vitest';
import { cleanups } from '../../support/cleanups.ts';
import { type ProxyYaml, startTestSidecar, type TestSidecar } from '../../support/sidecar.ts';
import { until } from '../../support/until.ts';
import { get, WireClient } from '../../support/wire-client.ts';
import { ok, type UpstreamBehaviour, WireUpstream } from '../../support/wire-upstream.ts';

const closes = cleanups();

async function stage(
  behaviour: UpstreamBehaviour = {},
  yaml: Partial<ProxyYaml> = {},
): Promise<{ sidecar: TestSidecar; upstream: WireUpstream; connect: () => Promise<WireClient> }> {
  const upstream = closes(await WireUpstream.start(behaviour));
  const sidecar = closes(await startTestSidecar({ endpoints: [upstream.address], ...yaml }));
  const address = sidecar.address();
  return { sidecar, upstream, connect: async () => closes(await WireClient.connect(address)) };
}

const DEAF: UpstreamBehaviour = { onRequest: () => undefined };
const isRefused = (address: string): Promise<boolean> =>
  WireClient.connect(address).then(
    (it) => {
      it.close();
      return false;
    },
    () => true,
  );

describe('a drain', () => {
  it('finishes what runs with Connection: close, and refuses new connections at once', async () => {
    const { sidecar, upstream, connect } = await stage(DEAF);
    const running = await connect();
    running.send(get('/running') + get('/behind'));
    await until(() => upstream.requests.length === 1, { what: 'the request' });
    const begun = performance.now();
    const drained = sidecar.house.drain();
    await until(() => isRefused(sidecar.address()), { what: 'new connections to be refused', withinMs: 500 });
    expect(sidecar.house.admin.draining()).toBe(true);
    upstream.connections[0]?.send(ok('done'));
    const response = await running.response();
    expect([response.body, response.header('connection')]).toEqual(['done', 'close']);
    expect(await running.over()).toBe('end');
    running.close();
    await drained;
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(upstream.requests).toHaveLength(1);
  });

  it('closes idle connections, after a last call in which a request still gets its answer', async () => {
    const { sidecar, connect } = await stage();
    const [idle, late] = [await connect(), await connect()];
    for (const client of [idle, late]) await client.ask(get('/'));
    const drained = sidecar.house.drain();
    await until(() => isRefused(sidecar.address()), { what: 'new connections to be refused' });
    // Under way when the drain began, as far as its client can know.
    const response = await late.ask(get('/late'));
    expect([response.body, response.header('connection')]).toEqual(['/late', 'close']);
    expect([await late.over(2_000), await idle.over(2_000)]).toEqual(['end', 'end']);
    expect(idle.received).toBe('');
    for (const client of [idle, late]) client.close();
    await drained;
  });

  it('goes on serving for its delay, and in the second half of it ends each connection with its next answer', async () => {
    const { sidecar, connect } = await stage({}, { top: 'drain: { delay: 1s, grace: 2s }' });
    const begun = performance.now();
    void sidecar.house.drain();
    let client = await connect();
    const of = { kept: 0, ended: 0 };
    while (of.ended < 3) {
      const response = await client.ask(get('/'));
      expect(response.body).toBe('/');
      if (response.header('connection') === undefined) {
        expect(of.ended).toBe(0);
        of.kept += 1;
        continue;
      }
      expect(response.header('connection')).toBe('close');
      expect(performance.now() - begun).toBeGreaterThan(490);
      expect(await client.over()).toBe('end');
      of.ended += 1;
      // Not the end of the listener yet.
      client = await connect();
    }
    expect(of.kept).toBeGreaterThan(0);
  });

  it('cuts what still runs when its grace is over', async () => {
    const { sidecar, upstream, connect } = await stage(DEAF, { top: 'drain: { grace: 300ms }' });
    const client = await connect();
    client.send(get('/for ever'.replace(' ', '-')));
    await until(() => upstream.requests.length === 1, { what: 'the request' });
    const begun = performance.now();
    await sidecar.house.drain();
    expect(performance.now() - begun).toBeGreaterThan(290);
    await client.over();
    expect(client.received).toBe('');
    await until(() => upstream.open.length === 0, { what: 'the endpoint to hear of it' });
  });

  it('waits for TCP connections to end by themselves, and cuts them when its grace is over', async () => {
    const { sidecar, upstream, connect } = await stage(
      { onConnection: () => true },
      { protocol: 'tcp', top: 'drain: { grace: 400ms }' },
    );
    const [ends, stays] = [await connect(), await connect()];
    await until(() => upstream.connections.length === 2, { what: 'both' });
    const drained = sidecar.house.drain();
    ends.send('still here');
    await until(() => upstream.connections.some(({ received }) => received === 'still here'), { what: 'bytes' });
    ends.end();
    await drained;
    expect(await stays.over()).toBe('reset');
  });

  it('that a second call hurries is over at once, with every socket closed', async () => {
    const { sidecar, upstream, connect } = await stage(DEAF);
    const client = await connect();
    client.send(get('/'));
    await until(() => upstream.requests.length === 1, { what: 'the request' });
    const drained = sidecar.house.drain();
    await sidecar.house.close();
    await drained;
    await client.over();
    await until(() => upstream.open.length === 0, { what: 'the endpoint to hear of it' });
  });

  it('loses no request of clients that keep connections and honour Connection: close', async () => {
    const { sidecar, connect } = await stage({
      onRequest: ({ target }, connection) => void setImmediate(() => connection.send(ok(target))),
    });
    const clients = await Promise.all(Array.from({ length: 40 }, connect));
    let answered = 0;
    const runs = clients.map(async (client, n) => {
      for (let i = 0; ; i += 1) {
        const response = await client.ask(get(`/${n}-${i}`));
        expect(response.body).toBe(`/${n}-${i}`);
        answered += 1;
        if (response.header('connection') === 'close') return;
        // Some clients pause between two requests, so that a drain meets idle ones.
        if (n % 4 === 0) await new Promise((resolve) => setTimeout(resolve, n));
      }
    });
    await until(() => answered > 1_000, { what: 'load' });
    const drained = sidecar.house.drain();
    await Promise.all(runs);
    for (const client of clients) client.close();
    await drained;
  });
});
