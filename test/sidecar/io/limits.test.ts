import { describe, expect, it } from 'vitest';
import { LIMITS, type Limit } from '../../../sidecar/limit-counts.ts';
import { cleanups } from '../../support/cleanups.ts';
import { type ProxyYaml, startTestSidecar, type TestSidecar } from '../../support/sidecar.ts';
import { until } from '../../support/until.ts';
import { get, WireClient } from '../../support/wire-client.ts';
import { WireUpstream } from '../../support/wire-upstream.ts';

const closes = cleanups();

async function stage(limits: string, yaml: Partial<ProxyYaml> = {}): Promise<TestSidecar> {
  const upstream = closes(await WireUpstream.start());
  const listener = `limits: { ${limits} }`;
  return closes(await startTestSidecar({ endpoints: [upstream.address], listener, ...yaml }));
}

const connect = async (sidecar: TestSidecar): Promise<WireClient> =>
  closes(await WireClient.connect(sidecar.address()));

/** What was counted: each limit that was exceeded, with how often. */
function exceeded(sidecar: TestSidecar): Partial<Record<Limit, number>> {
  const counts = LIMITS.map((limit) => [
    limit,
    sidecar.value('outrigger_limit_exceeded_total', { listener: 'web', limit }),
  ]);
  return Object.fromEntries(counts.filter(([, count]) => count !== 0));
}

describe('an http listener', () => {
  it('counts nothing where nothing is exceeded, and shows each limit at 0', async () => {
    const sidecar = await stage('max_connections: 10');
    expect((await (await connect(sidecar)).ask(get('/'))).status).toBe(200);
    const samples = sidecar.metrics().get('outrigger_limit_exceeded_total')?.samples ?? [];
    expect(samples.map(({ labels, value }) => [labels['limit'], value])).toEqual(LIMITS.map((limit) => [limit, 0]));
  });

  it.each(['max_connections', 'max_connections_per_client'] as const)(
    'answers connections over %s with 503, and takes new ones once there is room',
    async (limit) => {
      const sidecar = await stage(`${limit}: 2`);
      const [first, second] = [await connect(sidecar), await connect(sidecar)];
      expect((await first.ask(get('/1'))).status).toBe(200);
      expect((await second.ask(get('/2'))).status).toBe(200);
      const third = await connect(sidecar);
      const refusal = await third.response();
      expect([refusal.status, refusal.header('x-outrigger-reason')]).toEqual([503, 'overloaded']);
      expect(await third.over()).toBe('end');
      expect(exceeded(sidecar)).toEqual({ [limit]: 1 });
      first.close();
      await until(() => sidecar.sum('outrigger_connections') === 1, { what: 'room' });
      expect((await (await connect(sidecar)).ask(get('/4'))).status).toBe(200);
      expect(exceeded(sidecar)).toEqual({ [limit]: 1 });
    },
  );

  it('answers a head over max_head with 431 and closes', async () => {
    const sidecar = await stage('max_head: 1KiB');
    const client = await connect(sidecar);
    const response = await client.ask(get('/', [`x-long: ${'x'.repeat(1_024)}`]));
    expect([response.status, response.header('connection')]).toEqual([431, 'close']);
    expect(await client.over()).toBe('end');
    expect(exceeded(sidecar)).toEqual({ max_head: 1 });
  });

  it('answers more fields than max_headers with 431 and closes', async () => {
    const sidecar = await stage('max_headers: 3');
    const client = await connect(sidecar);
    expect((await client.ask(get('/', ['a: 1', 'b: 2']))).status).toBe(200);
    const response = await client.ask(get('/', ['a: 1', 'b: 2', 'c: 3']));
    expect([response.status, response.header('x-outrigger-reason')]).toEqual([431, 'head_too_large']);
    expect(await client.over()).toBe('end');
    expect(exceeded(sidecar)).toEqual({ max_headers: 1 });
  });

  it('answers a head that is not whole after head_timeout with 408 and closes', async () => {
    const sidecar = await stage('head_timeout: 200ms');
    const client = await connect(sidecar);
    client.send('GET / HTTP/1.1\r\nhost: ');
    const response = await client.response();
    expect([response.status, response.header('x-outrigger-reason')]).toEqual([408, 'head_timeout']);
    expect(await client.over()).toBe('end');
    expect(exceeded(sidecar)).toEqual({ head_timeout: 1 });
  });

  it('closes a connection that asks for nothing in head_timeout, without a word', async () => {
    const sidecar = await stage('head_timeout: 200ms');
    const client = await connect(sidecar);
    expect([await client.over(), client.received]).toEqual(['end', '']);
    expect(exceeded(sidecar)).toEqual({ head_timeout: 1 });
  });

  it('closes a kept connection after idle_timeout, without a word', async () => {
    const sidecar = await stage('idle_timeout: 200ms');
    const client = await connect(sidecar);
    await client.ask(get('/'));
    expect([await client.over(), client.received]).toEqual(['end', '']);
    expect(exceeded(sidecar)).toEqual({ idle_timeout: 1 });
  });

  it('answers a body below min_body_rate with 408 and closes', async () => {
    const sidecar = await stage('min_body_rate: 1KiB');
    const client = await connect(sidecar);
    client.send('POST / HTTP/1.1\r\nhost: app.test\r\ncontent-length: 100000\r\n\r\nabc');
    const response = await client.response();
    expect([response.status, response.header('connection')]).toEqual([408, 'close']);
    expect(await client.over()).toBe('end');
    expect(exceeded(sidecar)).toEqual({ min_body_rate: 1 });
  });

  it('closes with the answer to the last of max_requests_per_connection, and takes nothing that follows it', async () => {
    const sidecar = await stage('max_requests_per_connection: 3');
    const client = await connect(sidecar);
    client.send([1, 2, 3, 4].map((i) => get(`/${i}`)).join(''));
    const answers = [await client.response(), await client.response(), await client.response()];
    expect(answers.map((it) => [it.status, it.body, it.header('connection')])).toEqual([
      [200, '/1', undefined],
      [200, '/2', undefined],
      [200, '/3', 'close'],
    ]);
    expect([await client.over(), client.received]).toEqual(['end', '']);
    expect(exceeded(sidecar)).toEqual({ max_requests_per_connection: 1 });
    expect((await (await connect(sidecar)).ask(get('/5'))).header('connection')).toBeUndefined();
  });

  it('says close to an HTTP/1.0 client as well, and does not count one that closes anyway', async () => {
    const sidecar = await stage('max_requests_per_connection: 1');
    const ask = async (version: string, connection: string) =>
      (await connect(sidecar)).ask(`GET / HTTP/${version}\r\nhost: app.test\r\nconnection: ${connection}\r\n\r\n`);
    expect((await ask('1.0', 'keep-alive')).header('connection')).toBe('close');
    expect(exceeded(sidecar)).toEqual({ max_requests_per_connection: 1 });
    expect((await ask('1.1', 'close')).header('connection')).toBe('close');
    expect(exceeded(sidecar)).toEqual({ max_requests_per_connection: 1 });
  });
});

describe('a tcp listener', () => {
  it.each(['max_connections', 'max_connections_per_client'] as const)('resets connections over %s', async (limit) => {
    const sidecar = await stage(`${limit}: 1`, { protocol: 'tcp' });
    const first = await connect(sidecar);
    expect((await first.ask(get('/1'))).body).toBe('/1');
    expect(await (await connect(sidecar)).over()).toBe('reset');
    expect(exceeded(sidecar)).toEqual({ [limit]: 1 });
    first.end();
    await until(() => sidecar.sum('outrigger_connections') === 0, { what: 'room' });
    expect((await (await connect(sidecar)).ask(get('/2'))).body).toBe('/2');
  });

  it('resets a connection that is silent for idle_timeout', async () => {
    const sidecar = await stage('idle_timeout: 200ms', { protocol: 'tcp' });
    const client = await connect(sidecar);
    await client.ask(get('/'));
    expect(await client.over()).toBe('reset');
    expect(exceeded(sidecar)).toEqual({ idle_timeout: 1 });
    await sidecar.settles();
  });
});
