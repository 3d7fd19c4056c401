/** How long a client, and an endpoint, may take for what; and how many clients there may be. */
import { describe, expect, it } from 'vitest';
import { cleanups } from '../../support/cleanups.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { startTestSidecar } from '../../support/sidecar.ts';
import { until } from '../../support/until.ts';
import { get, WireClient } from '../../support/wire-client.ts';
import { type UpstreamBehaviour, WireUpstream } from '../../support/wire-upstream.ts';

const closes = cleanups();

const says = (wire: string): UpstreamBehaviour => ({ onRequest: (_, connection) => void connection.send(wire) });

describe('limits on connections', () => {
  it.each([
    ['max_connections: 2', 'in all'],
    ['max_connections_per_client: 2', 'of one client'],
  ])('%s: the third %s is told so and closed, and there is room again when one has left', async (limit) => {
    const upstream = closes(await WireUpstream.start());
    const sidecar = closes(await startTestSidecar({ endpoints: [upstream.address], listener: `limits: { ${limit} }` }));
    const connect = async (): Promise<WireClient> => closes(await WireClient.connect(sidecar.address()));
    const [first, second] = [await connect(), await connect()];
    for (const client of [first, second]) expect((await client.ask(get('/'))).status).toBe(200);
    for (let i = 0; i < 50; i += 1) {
      const third = await connect();
      const response = await third.ask(get('/'));
      expectRefusal(response, { status: 503, reason: 'overloaded' });
      expect([response.header('retry-after'), response.header('connection')]).toEqual(['1', 'close']);
      expect(await third.over()).toBe('end');
    }
    expect(sidecar.sum('outrigger_limit_exceeded_total', { limit: limit.split(':')[0] ?? '' })).toBe(50);
    expect(sidecar.sum('outrigger_requests_total', { reason: 'overloaded' })).toBe(50);
    expect(sidecar.sum('outrigger_connections')).toBe(2);
    first.end();
    await first.over();
    await until(() => sidecar.sum('outrigger_connections') === 1, { what: 'the first to be gone' });
    expect((await (await connect()).ask(get('/'))).status).toBe(200);
  });
});

describe('limits on time', () => {
  it('an idle connection is closed without a word', async () => {
    const upstream = closes(await WireUpstream.start());
    const sidecar = closes(
      await startTestSidecar({ endpoints: [upstream.address], listener: 'limits: { idle_timeout: 100ms }' }),
    );
    const client = closes(await WireClient.connect(sidecar.address()));
    expect((await client.ask(get('/'))).status).toBe(200);
    expect(await client.over(1_500)).toBe('end');
    expect(client.received).toBe('');
  });

  it('a connection that never says anything is closed after head_timeout', async () => {
    const sidecar = closes(
      await startTestSidecar({ endpoints: ['127.0.0.1:9'], listener: 'limits: { head_timeout: 100ms }' }),
    );
    const client = closes(await WireClient.connect(sidecar.address()));
    expect(await client.over(1_500)).toBe('end');
    expect(client.received).toBe('');
  });

  it('a head that comes byte by byte has head_timeout as well, also behind another request', async () => {
    const upstream = closes(await WireUpstream.start());
    const sidecar = closes(
      await startTestSidecar({ endpoints: [upstream.address], listener: 'limits: { head_timeout: 300ms }' }),
    );
    const client = closes(await WireClient.connect(sidecar.address()));
    expect((await client.ask(get('/'))).status).toBe(200);
    client.send('GET / HTTP/1.1\r\nx-a: ');
    const drip = setInterval(() => client.send('x'), 20);
    const response = await client.response().finally(() => clearInterval(drip));
    expect(response.status).toBe(408);
  });

  it('silence in the middle of an answer cuts it after timeouts.idle, however long the request may take', async () => {
    const upstream = closes(await WireUpstream.start(says('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345')));
    const cluster = 'timeouts: { idle: 200ms, request: 60s }';
    const sidecar = closes(await startTestSidecar({ endpoints: [upstream.address], cluster }));
    const client = closes(await WireClient.connect(sidecar.address()));
    client.send(get('/'));
    await client.over(2_000);
    expect(client.received.endsWith('12345')).toBe(true);
    await sidecar.settles();
    expect(sidecar.sum('outrigger_requests_total', { status: '200', reason: 'timeout' })).toBe(1);
    expect(sidecar.sum('outrigger_upstream_requests_total', { outcome: 'timeout' })).toBe(1);
  });

  it('an answer that keeps coming, slowly, is not cut', async () => {
    const upstream = closes(
      await WireUpstream.start({
        onRequest: (_, { socket }) => {
          socket.write('HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n');
          let left = 12;
          const drip = setInterval(() => {
            socket.write('x');
            left -= 1;
            if (left === 0) clearInterval(drip);
          }, 60);
        },
      }),
    );
    const cluster = 'timeouts: { idle: 400ms, request: 200ms }';
    const sidecar = closes(await startTestSidecar({ endpoints: [upstream.address], cluster }));
    const client = closes(await WireClient.connect(sidecar.address()));
    expect((await client.ask(get('/'))).body).toBe('x'.repeat(12));
  });

  it('a body that drips below min_body_rate is a 408; one that waits for the endpoint is not', async () => {
    const upstream = closes(await WireUpstream.start());
    const sidecar = closes(
      await startTestSidecar({ endpoints: [upstream.address], listener: 'limits: { min_body_rate: 1KiB }' }),
    );
    const client = closes(await WireClient.connect(sidecar.address()));
    client.send('POST / HTTP/1.1\r\nhost: app.test\r\ncontent-length: 100000\r\n\r\n');
    const drip = setInterval(() => client.send('x'), 100);
    const held = closes(await WireClient.connect(sidecar.address()));
    upstream.behaviour = {
      onHead: (_, { socket }) => {
        socket.pause();
        return true;
      },
    };
    held.send('POST /held HTTP/1.1\r\nhost: app.test\r\ncontent-length: 50000000\r\n\r\n');
    held.send(Buffer.alloc(50_000_000, 0x78));
    const response = await client.response().finally(() => clearInterval(drip));
    expectRefusal(response, { status: 408, reason: 'timeout' });
    expect(await client.over()).toBe('end');
    expect(held.isOver).toBe(false);
    held.reset();
    client.close();
    // A client that is not read is not heard either: its end is noticed as soon as the endpoint takes bytes again.
    for (const { socket } of upstream.open) socket.resume();
    await sidecar.settles();
  });
});
