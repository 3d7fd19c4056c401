import { describe, expect, it } from 'vitest';
import { cleanups } from '../../support/cleanups.ts';
import { type ClientStage, openClientStage } from '../../support/forwarding-stage.ts';
import { fieldValue } from '../../support/http-wire.ts';
import type { ProxyYaml } from '../../support/sidecar.ts';
import { until } from '../../support/until.ts';
import { get, post, WireClient } from '../../support/wire-client.ts';
import { answering, ok, type UpstreamBehaviour } from '../../support/wire-upstream.ts';

const closes = cleanups();
const stage = (behaviour?: UpstreamBehaviour, yaml?: Partial<ProxyYaml>): Promise<ClientStage> =>
  openClientStage(closes, behaviour, yaml);

describe('connections', () => {
  it('are kept on both sides: twenty requests in turn use one of each', async () => {
    const { sidecar, upstream, client } = await stage();
    for (let i = 0; i < 20; i += 1) {
      const response = await client.ask(get(`/${i}`));
      expect([response.status, response.body, response.header('connection')]).toEqual([200, `/${i}`, undefined]);
    }
    expect(upstream.connections).toHaveLength(1);
    expect(
      sidecar.value('outrigger_upstream_connections', { cluster: 'app', endpoint: upstream.address, state: 'idle' }),
    ).toBe(1);
    client.end();
    expect(await client.over()).toBe('end');
    await sidecar.settles();
  });

  it('answer fifty pipelined requests in their order, however the endpoint times them', async () => {
    const waiting: (() => void)[] = [];
    const { upstream, client } = await stage({
      onRequest: ({ target }, connection) => void waiting.push(() => connection.send(ok(target))),
    });
    client.send(
      Array.from({ length: 50 }, (_, i) => (i % 7 === 3 ? post(`/${i}`, 'x'.repeat(i)) : get(`/${i}`))).join(''),
    );
    for (let i = 0; i < 50; i += 1) {
      await until(() => waiting.length > i, { what: `request ${i}` });
      waiting[i]?.();
      expect((await client.response()).body).toBe(`/${i}`);
    }
    expect(upstream.requests.map(({ target }) => target)).toEqual(Array.from({ length: 50 }, (_, i) => `/${i}`));
    expect(client.received).toBe('');
  });

  it('answer all pipelined requests of a client that has ended, also those that no endpoint sees', async () => {
    const { client } = await stage({}, { routes: '[ { match: { path_prefix: /app }, to: app } ]' });
    client.send(['/app/1', '/none', '/none', '/app/2', '/none'].map((target) => get(target)).join(''));
    client.end();
    const statuses: number[] = [];
    for (let i = 0; i < 5; i += 1) statuses.push((await client.response()).status);
    expect(statuses).toEqual([200, 404, 404, 200, 404]);
    expect(await client.over()).toBe('end');
  });

  it('ask for no more than a client reads, however many requests it has sent ahead', async () => {
    const { sidecar, upstream, client } = await stage({
      onRequest: (_, connection) => void connection.send(ok('x'.repeat(16_000))),
    });
    client.socket.pause();
    // 64 MB of answers: far more than the kernel's buffers on both sides of the client's connection.
    client.send(get('/').repeat(4_000));
    expect(await upstream.standstill()).toBeLessThan(2_000);
    client.socket.resume();
    await until(() => upstream.requests.length === 4_000, { what: 'the rest' });
    let answers = 0;
    for (; answers < 4_000; answers += 1) expect((await client.response()).status).toBe(200);
    client.close();
    await sidecar.settles();
  });

  it('take a head one byte at a time, in both directions', async () => {
    const { upstream, client } = await stage({
      onRequest: ({ target }, { socket }) => {
        const bytes = Buffer.from(ok(target, ['x-a: b']));
        const send = (i: number): void => {
          if (i < bytes.length) socket.write(bytes.subarray(i, i + 1), () => setImmediate(send, i + 1));
        };
        send(0);
      },
    });
    for (const octet of post('/slow', 'body', ['x-long: value'])) {
      client.send(octet);
      await new Promise(setImmediate);
    }
    const response = await client.response();
    expect([response.status, response.body, response.header('x-a')]).toEqual([200, '/slow', 'b']);
    expect(upstream.requests[0]).toMatchObject({ body: 'body', method: 'POST' });
  });

  it('end when the client asks for it, after the answer', async () => {
    const { client } = await stage();
    expect((await client.ask(get('/', ['connection: close']))).header('connection')).toBe('close');
    expect(await client.over()).toBe('end');
  });

  it('are not kept where the endpoint says so, nor where it sends more than its answer', async () => {
    const answers = [ok('a', ['connection: close']), `${ok('b')}HTTP/1.1 200 OK\r\n`, ok('c')];
    const { upstream, client } = await stage({
      onRequest: (_, connection) => void connection.send(answers.shift() ?? ''),
    });
    for (const body of ['a', 'b', 'c']) expect((await client.ask(get('/'))).body).toBe(body);
    expect(upstream.connections).toHaveLength(3);
  });

  it('go on being read for others when a client has not taken what came over them', async () => {
    const { sidecar, upstream, client } = await stage({
      onRequest: (_, connection) => void connection.send(ok('x'.repeat(60_000))),
    });
    const lazy = closes(await WireClient.connect(sidecar.address()));
    lazy.socket.pause();
    // In the course of this the kernel's buffers become full, and then our own.
    for (let i = 0; i < 250; i += 1) {
      lazy.send(get('/lazy'));
      expect((await client.ask(get('/'))).status).toBe(200);
    }
    expect(upstream.executions().get('/lazy')).toBeLessThan(250);
    lazy.socket.resume();
    for (let i = 0; i < 250; i += 1) expect((await lazy.response()).status).toBe(200);
  });
});

describe('bodies', () => {
  it('of known length pass both ways, unchanged', async () => {
    const body = Array.from({ length: 70_000 }, (_, i) => String.fromCharCode(i % 256)).join('');
    const { upstream, client } = await stage({
      onRequest: (request, connection) => void connection.send(ok(request.body)),
    });
    const response = await client.ask(post('/echo', body));
    expect(response.body).toBe(body);
    expect(fieldValue(upstream.requests[0]!, 'content-length')).toBe('70000');
  });

  it('in chunks pass both ways, in chunks, with the trailers that may pass', async () => {
    const { upstream, client } = await stage({
      onRequest: (_, connection) =>
        void connection.send(
          'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nx-sum: 1\r\nset-cookie: no\r\n\r\n',
        ),
    });
    client.send('POST / HTTP/1.1\r\nhost: app.test\r\ntransfer-encoding: chunked\r\n\r\n5;x\r\nhel');
    client.send('lo\r\n6\r\n world\r\n0\r\nx-check: 2\r\nhost: no\r\n\r\n');
    const response = await client.response();
    expect([response.body, response.trailers]).toEqual(['abc', ['x-sum: 1']]);
    expect(upstream.requests[0]).toMatchObject({ body: 'hello world', trailers: ['x-check: 2'] });
    expect((await client.ask(get('/again'))).status).toBe(200);
  });

  it('are sent on while they come, not when they are whole', async () => {
    const { upstream, client } = await stage({
      onHead: (_, { socket }) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345'),
      onRequest: () => undefined,
    });
    client.send('POST / HTTP/1.1\r\nhost: app.test\r\ncontent-length: 10\r\n\r\nabcde');
    await until(() => upstream.connections[0]?.received.endsWith('abcde') === true, { what: 'half of the request' });
    await client.receives((text) => text.endsWith('12345'));
    client.send('fghij');
    await until(() => upstream.requests[0]?.body === 'abcdefghij', { what: 'the other half' });
    upstream.connections[0]?.send('67890');
    expect((await client.response()).body).toBe('1234567890');
  });

  it.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n', 'content-length', '5'],
    ['HEAD', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', 'transfer-encoding', 'chunked'],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n', 'content-length', undefined],
    ['GET', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 99\r\netag: "a"\r\n\r\n', 'content-length', '99'],
  ])('are absent after %s where it must be so: %j', async (method, wire, field, expected) => {
    const { upstream, client } = await stage(answering(wire));
    const wires = get('/').replace('GET', method);
    for (let i = 0; i < 2; i += 1) expect((await client.ask(wires, method)).header(field)).toBe(expected);
    expect(upstream.connections).toHaveLength(1);
    expect(client.received).toBe('');
  });

  it.each(['HTTP/1.1 204 No Content\r\n\r\nboo', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nboo'])(
    'that must not be there reach nobody: %j',
    async (wire) => {
      const { upstream, client } = await stage(answering(wire));
      expect((await client.ask(get('/'))).body).toBe('');
      expect((await client.ask(get('/'))).body).toBe('');
      expect(upstream.connections).toHaveLength(2);
      expect(client.received).toBe('');
    },
  );

  it('that last until the endpoint closes get chunks, so that a cut can be told', async () => {
    const { client } = await stage(answering('HTTP/1.0 200 OK\r\nx-a: b\r\n\r\nall of it', true));
    const first = await client.ask(get('/'));
    expect([first.body, first.header('transfer-encoding'), first.header('x-a')]).toEqual(['all of it', 'chunked', 'b']);
    expect((await client.ask(get('/'))).body).toBe('all of it');
  });

  it('that last until the endpoint closes are cut where it breaks off', async () => {
    const { client, upstream } = await stage(answering('HTTP/1.1 200 OK\r\n\r\nsome'));
    client.send(get('/'));
    await client.receives((text) => text.includes('some'));
    upstream.connections[0]?.socket.resetAndDestroy();
    await client.over();
    await expect(client.response()).rejects.toThrow('cut');
  });
});

describe('an HTTP/1.0 client', () => {
  const old = (fields = ''): string => `GET /old HTTP/1.0\r\nhost: app.test\r\n${fields}\r\n`;

  it('is spoken to in HTTP/1.1 words, closed after the answer, and kept where it asks for it', async () => {
    const { client, sidecar, upstream } = await stage();
    for (let i = 0; i < 2; i += 1) {
      expect((await client.ask(old('connection: keep-alive\r\n'))).header('connection')).toBe('keep-alive');
    }
    expect(upstream.requests[0]?.line).toBe('GET /old HTTP/1.1');
    const other = closes(await WireClient.connect(sidecar.address()));
    expect((await other.ask(old())).header('connection')).toBe('close');
    expect(await other.over()).toBe('end');
  });

  it('gets a chunked body without its chunks, ended by the close', async () => {
    const { client } = await stage(
      answering('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nx-t: 1\r\n\r\n'),
    );
    const response = await client.ask(old('connection: keep-alive\r\n'));
    expect([response.body, response.header('transfer-encoding'), response.header('connection')]).toEqual([
      'abcde',
      undefined,
      'close',
    ]);
  });

  it('sees the end of a cut body as a reset, because a close would look like its end', async () => {
    const { client, upstream } = await stage(
      answering('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n'),
    );
    client.send(old());
    await client.receives((text) => text.endsWith('abc'));
    upstream.connections[0]?.socket.destroy();
    expect(await client.over()).toBe('reset');
  });

  it('gets no interim responses', async () => {
    const { client } = await stage(answering(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${ok('x')}`));
    expect((await client.ask(old())).status).toBe(200);
  });
});
