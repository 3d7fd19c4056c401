import { describe, expect, it } from 'vitest';
import { cleanups } from '../../support/cleanups.ts';
import { type ClientStage, openClientStage } from '../../support/forwarding-stage.ts';
import { fieldValues } from '../../support/http-wire.ts';
import type { ProxyYaml } from '../../support/sidecar.ts';
import { until } from '../../support/until.ts';
import { get, post, WireClient } from '../../support/wire-client.ts';
import { answering, ok, type UpstreamBehaviour } from '../../support/wire-upstream.ts';

const closes = cleanups();
const stage = (behaviour?: UpstreamBehaviour, yaml?: Partial<ProxyYaml>): Promise<ClientStage> =>
  openClientStage(closes, behaviour, yaml);

describe('interim responses', () => {
  it('103 pass to HTTP/1.1 clients as they come', async () => {
    const { client, upstream } = await stage(
      answering('HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n'),
    );
    const hint = await client.ask(get('/'));
    expect([hint.status, hint.header('link')]).toEqual([103, '</a.css>; rel=preload']);
    upstream.connections[0]?.send(ok('x'));
    expect((await client.response()).status).toBe(200);
  });

  it('an expectation is answered as soon as a connection to an endpoint is open, once', async () => {
    const { client, upstream } = await stage({
      onRequest: (request, connection) => void connection.send(`HTTP/1.1 100 Continue\r\n\r\n${ok(request.body)}`),
    });
    client.send('POST / HTTP/1.1\r\nhost: app.test\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n');
    expect((await client.response()).status).toBe(100);
    client.send('hello');
    expect(await client.response()).toMatchObject({ status: 200, body: 'hello' });
    expect(fieldValues(upstream.requests[0]!, 'expect')).toEqual([]);
  });

  it('an expectation is not answered where no endpoint can be reached', async () => {
    const { client, upstream } = await stage();
    await upstream.close();
    client.send('POST / HTTP/1.1\r\nhost: app.test\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n');
    const response = await client.response();
    expect([response.status, response.header('connection')]).toEqual([503, 'close']);
  });

  it('an expectation that nobody knows is refused', async () => {
    const { client } = await stage();
    const response = await client.ask(post('/', 'x', ['expect: miracles']));
    expect([response.status, response.header('x-outrigger-reason')]).toEqual([417, 'bad_request']);
    expect(await client.over()).toBe('end');
  });

  it.each([
    ['seventeen of them', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(17)],
    ['one with a body', 'HTTP/1.1 102 Processing\r\ncontent-length: 3\r\n\r\nabc'],
  ])('%s are no answer', async (_, wire) => {
    const { client } = await stage(answering(wire));
    client.send(get('/'));
    let status = 102;
    while (status < 200) ({ status } = await client.response());
    expect(status).toBe(502);
  });
});

describe('an early answer', () => {
  it('reaches a client that is still uploading, and ends its connection', async () => {
    const { client, sidecar, upstream } = await stage({
      onHead: (_, { socket }) => {
        socket.write('HTTP/1.1 413 Content Too Large\r\ncontent-length: 3\r\n\r\nbig');
        return true;
      },
    });
    client.send(`POST / HTTP/1.1\r\nhost: app.test\r\ncontent-length: 1000000\r\n\r\n${'x'.repeat(200_000)}`);
    const response = await client.response();
    expect([response.status, response.body, response.header('connection')]).toEqual([413, 'big', 'close']);
    expect(await client.over()).toBe('end');
    await until(() => upstream.connections[0]?.error !== '' || upstream.connections[0].hasEnded, {
      what: 'the endpoint to be let go',
    });
    client.close();
    await sidecar.settles();
  });

  it('reaches the client although the endpoint closes without reading, every time', async () => {
    const { sidecar, client: idle } = await stage({
      onHead: (_, { socket }) => {
        socket.end('HTTP/1.1 413 Content Too Large\r\ncontent-length: 3\r\nconnection: close\r\n\r\nbig');
        socket.destroySoon();
        return true;
      },
    });
    const statuses: number[] = [];
    for (let i = 0; i < 100; i += 1) {
      const client = closes(await WireClient.connect(sidecar.address()));
      client.send('POST / HTTP/1.1\r\nhost: app.test\r\ncontent-length: 9000000\r\n\r\n');
      const feed = setInterval(() => client.send('x'.repeat(65_536)), 0);
      statuses.push((await client.response().finally(() => clearInterval(feed))).status);
      client.close();
    }
    expect(statuses.filter((status) => status !== 413)).toEqual([]);
    idle.close();
    await sidecar.settles();
  });
});
