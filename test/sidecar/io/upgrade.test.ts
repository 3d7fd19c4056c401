import { describe, expect, it } from 'vitest';
import { cleanups } from '../../support/cleanups.ts';
import { type ProxyYaml, startTestSidecar, type TestSidecar } from '../../support/sidecar.ts';
import { until } from '../../support/until.ts';
import { get, WireClient } from '../../support/wire-client.ts';
import { ok, type UpstreamBehaviour, type UpstreamSocket, WireUpstream } from '../../support/wire-upstream.ts';

const closes = cleanups();

const ASK = get('/chat', ['connection: keep-alive, Upgrade', 'upgrade: websocket', 'sec-websocket-key: a2V5']);
const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: WebSocket\r\nsec-websocket-accept: x\r\n\r\n';

interface Tunnel {
  readonly sidecar: TestSidecar;
  readonly upstream: WireUpstream;
  readonly client: WireClient;
  readonly far: () => UpstreamSocket;
}

/** The endpoint says `answer` to the head and does nothing by itself from then on. */
async function tunnel(answer = SWITCH, yaml: Partial<ProxyYaml> = {}): Promise<Tunnel> {
  const behaviour: UpstreamBehaviour = {
    onHead: (head, connection) => {
      connection.received = connection.received.slice(connection.received.indexOf('\r\n\r\n') + 4);
      heads.push(head.fields);
      connection.send(answer);
      return true;
    },
  };
  const upstream = closes(await WireUpstream.start(behaviour));
  const sidecar = closes(await startTestSidecar({ endpoints: [upstream.address], ...yaml }));
  const client = closes(await WireClient.connect(sidecar.address()));
  return {
    sidecar,
    upstream,
    client,
    far: () => {
      const [connection] = upstream.connections;
      if (connection === undefined) throw new Error('no connection yet');
      return connection;
    },
  };
}

const heads: string[][] = [];
const LAST_BYTES = 100_000;

describe('an upgrade', () => {
  it('becomes a tunnel with the 101, bytes right behind it in both directions included', async () => {
    const { sidecar, client, far } = await tunnel(`${SWITCH}from the endpoint`);
    client.send(`${ASK}from the client`);
    const response = await client.response();
    expect([response.status, response.header('upgrade'), response.header('connection')]).toEqual([
      101,
      'WebSocket',
      'upgrade',
    ]);
    expect(response.header('sec-websocket-accept')).toBe('x');
    expect(heads.at(-1)).toEqual(
      expect.arrayContaining(['connection: upgrade', 'upgrade: websocket', 'sec-websocket-key: a2V5']),
    );
    await client.receives((text) => text === 'from the endpoint');
    await until(() => far().received === 'from the client', { what: 'bytes of the client' });
    client.received = '';
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    client.send(bytes);
    far().send(bytes);
    await client.receives((text) => text === bytes.toString('latin1'));
    await until(() => far().received.endsWith(bytes.toString('latin1')), { what: 'every byte' });
    expect(sidecar.sum('outrigger_upstream_in_flight')).toBe(1);
  });

  it.each(['client', 'endpoint'] as const)('lets the other side go on when the %s has ended', async (first) => {
    const { sidecar, client, far } = await tunnel();
    client.send(ASK);
    await client.response();
    const near = {
      send: (text: string) => client.send(text),
      end: () => client.end(),
      got: () => client.received,
      ended: () => client.hasEnded,
    };
    const other = {
      send: (text: string) => far().send(text),
      end: () => far().socket.end(),
      got: () => far().received,
      ended: () => far().hasEnded,
    };
    const [one, two] = first === 'client' ? [near, other] : [other, near];
    one.send('last words');
    one.end();
    await until(() => two.got() === 'last words' && two.ended(), { what: 'the end' });
    expect(one.ended()).toBe(false);
    for (let i = 0; i < 20; i += 1) two.send('x'.repeat(50_000));
    two.end();
    await until(() => one.got().length === 1_000_000 && one.ended(), { what: 'all the rest' });
    await sidecar.settles();
    expect(sidecar.sum('outrigger_upstream_requests_total', { outcome: '1xx' })).toBe(1);
  });

  it('keeps what a client sent last for an endpoint that takes its time, although both have ended', async () => {
    const { sidecar, client, far } = await tunnel();
    client.send(ASK);
    await client.response();
    far().socket.pause();
    far().socket.end();
    await until(() => client.hasEnded, { what: 'the end' });
    client.send(Buffer.alloc(20_000_000, 0x78));
    client.end();
    const arrived = (): number => sidecar.sum('outrigger_bytes_total', { direction: 'received' });
    await until(() => arrived() > 1_000_000, { what: 'bytes' });
    far().socket.resume();
    await until(() => far().hasEnded || far().error !== '', { what: 'the end' });
    expect([far().error, far().received.length]).toEqual(['', 20_000_000]);
    await sidecar.settles();
  });

  it('keeps what an endpoint sent last for a client that takes its time, although that one has sent more', async () => {
    const { sidecar, client, far } = await tunnel();
    client.send(ASK);
    await client.response();
    client.socket.pause();
    // More than the kernel takes for the client, little enough that it has all gone out by the time of the close.
    far().socket.end(Buffer.alloc(LAST_BYTES, 0x78), () => far().socket.destroy());
    await until(() => far().socket.destroyed, { what: 'the close' });
    const ended = (): boolean => sidecar.sum('outrigger_upstream_in_flight') === 0;
    await until(
      () => {
        client.send('?');
        return ended();
      },
      { what: 'the end of the upstream connection' },
    );
    client.socket.resume();
    await client.over();
    expect(client.received.length).toBe(LAST_BYTES);
    await sidecar.settles();
  });

  it.each(['client', 'endpoint'] as const)('passes the break of the %s on at once', async (side) => {
    const { sidecar, upstream, client, far } = await tunnel();
    client.send(ASK);
    await client.response();
    if (side === 'client') client.reset();
    else far().socket.resetAndDestroy();
    if (side === 'endpoint') expect(await client.over(1_000)).toBe('reset');
    else
      await until(() => far().hasEnded || far().error !== '', { what: 'the endpoint to hear of it', withinMs: 1_000 });
    upstream.open.forEach(({ socket }) => void socket.destroy());
    await sidecar.settles();
  });

  it('that the endpoint refuses is answered like any request, and the connection goes on', async () => {
    const upstream = closes(
      await WireUpstream.start({
        onRequest: ({ target }, connection) =>
          void connection.send(target === '/chat' ? ok('no').replace('200 OK', '426 Upgrade Required') : ok(target)),
      }),
    );
    const sidecar = closes(await startTestSidecar({ endpoints: [upstream.address] }));
    const client = closes(await WireClient.connect(sidecar.address()));
    client.send(ASK + get('/next'));
    expect(await client.response()).toMatchObject({ status: 426, body: 'no' });
    expect((await client.response()).body).toBe('/next');
  });

  it.each([
    ['another protocol than was asked for', SWITCH.replace('WebSocket', 'mqtt')],
    ['no protocol', SWITCH.replace('upgrade: WebSocket\r\n', '')],
    ['no Connection field', SWITCH.replace('connection: Upgrade\r\n', '')],
  ])('answered with %s is a 502', async (_, answer) => {
    const { client } = await tunnel(answer);
    const response = await client.ask(ASK);
    expect([response.status, response.header('x-outrigger-reason')]).toEqual([502, 'bad_response']);
  });

  it('to h2c is not passed on, nor one with a body', async () => {
    const upstream = closes(await WireUpstream.start());
    const sidecar = closes(await startTestSidecar({ endpoints: [upstream.address] }));
    const client = closes(await WireClient.connect(sidecar.address()));
    await client.ask(get('/', ['connection: upgrade, http2-settings', 'upgrade: h2c', 'http2-settings: AAMAAABk']));
    await client.ask(
      'POST / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\ncontent-length: 1\r\n\r\nx',
    );
    expect(
      upstream.requests.flatMap(({ fields }) => fields).filter((it) => /^(upgrade|connection|http2-)/.test(it)),
    ).toEqual([]);
  });

  it('ends after timeouts.idle without a byte in either direction, and not while one speaks', async () => {
    const { client, far, sidecar } = await tunnel(SWITCH, { cluster: 'timeouts: { idle: 300ms }' });
    client.send(ASK);
    await client.response();
    for (let i = 0; i < 12; i += 1) {
      far().send('.');
      await client.receives((text) => text.length > i);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    expect(client.isOver).toBe(false);
    await client.over(2_000);
    await sidecar.settles();
  });
});
