import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cleanups } from '../../support/cleanups.ts';
import { freePorts } from '../../support/consul.ts';
import { type ProxyYaml, startTestSidecar, type TestSidecar } from '../../support/sidecar.ts';
import { silentPort } from '../../support/silent-port.ts';
import { until } from '../../support/until.ts';
import { WireClient } from '../../support/wire-client.ts';
import { type UpstreamBehaviour, type UpstreamSocket, WireUpstream } from '../../support/wire-upstream.ts';

const closes = cleanups();
const byHand: UpstreamBehaviour = { onConnection: () => true };

async function sidecarFor(endpoints: readonly string[], yaml: Partial<ProxyYaml> = {}): Promise<TestSidecar> {
  return closes(await startTestSidecar({ endpoints, protocol: 'tcp', ...yaml }));
}

interface Wire {
  readonly sidecar: TestSidecar;
  readonly client: WireClient;
  readonly far: UpstreamSocket;
}

async function wire(yaml: Partial<ProxyYaml> = {}): Promise<Wire> {
  const upstream = closes(await WireUpstream.start(byHand));
  const sidecar = await sidecarFor([upstream.address], yaml);
  const client = closes(await WireClient.connect(sidecar.address()));
  await until(() => upstream.connections.length === 1, { what: 'the connection' });
  const [far] = upstream.connections;
  if (far === undefined) throw new Error('no connection');
  return { sidecar, client, far };
}

/** TCP states of this machine's sockets that have `port` on either side. */
function statesOf(port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1);
  const fields = lines.map((line) => line.trim().split(/\s+/));
  return fields
    .filter(([, a, b]) => a?.endsWith(`:${hex}`) || b?.endsWith(`:${hex}`))
    .map(([, , , state]) => state ?? '');
}
const CLOSE_WAIT = '08';
const ESTABLISHED = '01';
const FIN_WAIT_2 = '05';

describe('a TCP listener', () => {
  it('carries 50 MB each way at once, without a byte changed', async () => {
    const { sidecar, client, far } = await wire();
    const size = 50_000_000;
    const block = Buffer.from(Array.from({ length: 65_521 }, (_, i) => (i * 31) % 251));
    const whole = Buffer.alloc(size, block);
    const sum = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    const got = { client: createHash('sha256'), far: createHash('sha256') };
    const counts = { client: 0, far: 0 };
    for (const [name, socket] of [
      ['client', client.socket],
      ['far', far.socket],
    ] as const) {
      socket.removeAllListeners('data');
      socket.on('data', (bytes: Buffer) => {
        got[name].update(bytes);
        counts[name] += bytes.length;
      });
    }
    client.socket.end(whole);
    far.socket.end(whole);
    await until(() => client.hasEnded && far.hasEnded, { what: 'both ends' });
    expect(counts).toEqual({ client: size, far: size });
    expect([got.client.digest('hex'), got.far.digest('hex')]).toEqual([sum(whole), sum(whole)]);
    await sidecar.settles();
    expect(sidecar.value('outrigger_bytes_total', { listener: 'web', direction: 'received' })).toBe(size);
    expect(sidecar.value('outrigger_bytes_total', { listener: 'web', direction: 'sent' })).toBe(size);
  });

  it('keeps a half-close of the client', async () => {
    const { sidecar, client, far } = await wire();
    client.send('question');
    client.end();
    await until(() => far.hasEnded, { what: 'the end' });
    expect(client.hasEnded).toBe(false);
    far.send('x'.repeat(1_000_000));
    far.socket.end('.');
    await until(() => client.hasEnded, { what: 'the end' });
    expect([far.received, client.received.length]).toEqual(['question', 1_000_001]);
    await sidecar.settles();
  });

  it('keeps a half-close of the endpoint, and all that its client still sends, however slowly it is taken', async () => {
    const { sidecar, client, far } = await wire();
    far.socket.end('welcome');
    await until(() => client.hasEnded, { what: 'the end' });
    far.socket.pause();
    client.send(Buffer.alloc(20_000_000, 0x78));
    client.end();
    const arrived = (): number => sidecar.sum('outrigger_bytes_total', { direction: 'received' });
    await until(() => arrived() > 1_000_000, { what: 'bytes' });
    far.socket.resume();
    await until(() => far.hasEnded || far.error !== '', { what: 'the end' });
    expect([client.received, far.received.length, far.error]).toEqual(['welcome', 20_000_000, '']);
    await sidecar.settles();
  });

  it('tells a client that goes on sending when its endpoint has ended and closed', async () => {
    const { sidecar, client, far } = await wire();
    far.socket.end('goodbye', () => far.socket.destroy());
    await until(() => client.hasEnded, { what: 'the end' });
    expect(client.received).toBe('goodbye');
    await until(
      () => {
        if (client.error === '') client.send('anybody there?');
        return client.error !== '';
      },
      { what: 'an error', withinMs: 2_000 },
    );
    await sidecar.settles();
  });

  it('passes a reset on as a reset, both ways', async () => {
    const one = await wire();
    one.far.socket.resetAndDestroy();
    expect(await one.client.over(1_000)).toBe('reset');
    await one.sidecar.settles();
    const two = await wire();
    two.client.reset();
    await until(() => two.far.error === 'ECONNRESET', { what: 'the reset', withinMs: 1_000 });
    await two.sidecar.settles();
  });

  it('tries the next endpoint when a connection is refused or does not come', async () => {
    const [dead = 0] = await freePorts(1);
    const silent = closes(await silentPort());
    const upstream = closes(await WireUpstream.start(byHand));
    const endpoints = [`127.0.0.1:${dead}`, silent.address, upstream.address];
    const sidecar = await sidecarFor(endpoints, { cluster: 'timeouts: { connect: 100ms }' });
    for (let i = 0; i < 6; i += 1) {
      const client = closes(await WireClient.connect(sidecar.address()));
      client.send(`early ${i}`);
      await until(() => upstream.connections[i]?.received === `early ${i}`, { what: 'what was sent early' });
      client.end();
      upstream.connections[i]?.socket.end();
    }
    await sidecar.settles();
    expect(sidecar.sum('outrigger_upstream_requests_total', { outcome: 'connect_failed' })).toBeGreaterThan(2);
  });

  it('resets the client where no endpoint takes the connection', async () => {
    const [dead = 0] = await freePorts(1);
    const sidecar = await sidecarFor([`127.0.0.1:${dead}`]);
    const client = closes(await WireClient.connect(sidecar.address()));
    expect(await client.over()).toBe('reset');
    await sidecar.settles();
    expect(sidecar.sum('outrigger_upstream_requests_total', { outcome: 'connect_failed' })).toBe(1);
  });

  it('gives the endpoint up when its client leaves before there is a connection', async () => {
    const silent = closes(await silentPort());
    const sidecar = await sidecarFor([silent.address], { cluster: 'timeouts: { connect: 300ms }' });
    for (let i = 0; i < 5; i += 1) (await WireClient.connect(sidecar.address())).reset();
    await until(() => sidecar.sum('outrigger_upstream_requests_total') > 0, { what: 'the attempts to end' });
    await sidecar.settles();
  });

  it('keeps one client on one endpoint of a ring', async () => {
    const upstreams = await Promise.all([1, 2, 3].map(async () => closes(await WireUpstream.start(byHand))));
    const cluster = 'balance: { policy: ring_hash, hash_key: [ { source_ip: true } ] }';
    const sidecar = await sidecarFor(
      upstreams.map(({ address }) => address),
      { cluster },
    );
    for (let i = 0; i < 9; i += 1) closes(await WireClient.connect(sidecar.address()));
    const taken = (): number[] => upstreams.map(({ connections }) => connections.length);
    await until(() => Math.max(...taken()) === 9, { what: 'all of them at one endpoint' });
  });

  it('closes what is silent for idle_timeout, and turns away what is over a limit', async () => {
    const { sidecar, client } = await wire({ listener: 'limits: { idle_timeout: 200ms, max_connections: 1 }' });
    const second = closes(await WireClient.connect(sidecar.address()));
    expect(await second.over()).toBe('reset');
    expect(sidecar.sum('outrigger_limit_exceeded_total', { limit: 'max_connections' })).toBe(1);
    await client.over(2_000);
    await sidecar.settles();
  });

  it('leaves no socket behind after a thousand connections that end in every way', async () => {
    const upstream = closes(await WireUpstream.start(byHand));
    const sidecar = await sidecarFor([upstream.address]);
    const ways: readonly ((client: WireClient, far: UpstreamSocket) => void)[] = [
      (client, far) => {
        client.socket.end('bye');
        far.socket.end('bye');
      },
      (client) => client.reset(),
      (_, far) => void far.socket.resetAndDestroy(),
      (client, far) => {
        far.socket.end();
        client.socket.end();
      },
      (client) => client.close(),
    ];
    for (let round = 0; round < 20; round += 1) {
      const before = upstream.connections.length;
      const clients = await Promise.all(Array.from({ length: 50 }, () => WireClient.connect(sidecar.address())));
      await until(() => upstream.connections.length === before + 50, { what: 'their connections' });
      for (const [i, client] of clients.entries()) {
        const far = upstream.connections[before + i];
        if (far !== undefined) ways[i % ways.length]?.(client, far);
      }
      // Both sides of a pair need not be a pair here: whatever is left open is ended now.
      for (const client of clients) client.close();
      for (const { socket } of upstream.open) socket.destroy();
    }
    await sidecar.settles();
    const ports = [sidecar.address(), upstream.address].map((it) => Number(it.split(':')[1]));
    const left = (): string[] =>
      ports.flatMap(statesOf).filter((it) => [CLOSE_WAIT, ESTABLISHED, FIN_WAIT_2].includes(it));
    await until(() => left().length === 0, { what: 'every socket to be gone' });
  });
});
