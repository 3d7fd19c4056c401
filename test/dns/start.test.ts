import { createSocket } from 'node:dgram';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type DnsOptions, startDns } from '../../dns/start.ts';
import type { Config } from '../../src/config/root.ts';
import { silentLog } from '../../src/io/log.ts';
import type { RunningHouse } from '../../src/io/running-house.ts';
import { MetricsText } from '../../src/metrics.ts';
import { ask, DnsTcpClient, exchangeUdp } from '../support/dns-client.ts';
import { opt, query, readAnswer } from '../support/dns-message.ts';
import { lbTest } from '../support/dns-zone.ts';
import { seeded } from '../support/endpoints.ts';
import { parsePrometheusText, seriesValue } from '../support/prometheus-text.ts';
import { until } from '../support/until.ts';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((it) => it.close()));
});

function start(config: Config, options: Partial<DnsOptions> = {}): RunningHouse {
  const house = startDns({ config, baseDir: '.', log: silentLog, env: {}, ...options });
  open.push(house);
  return house;
}

async function started(config: Config, options?: Partial<DnsOptions>): Promise<RunningHouse & { address: string }> {
  const house = start(config, options);
  await house.ready;
  return Object.assign(house, { address: house.addresses.get('dns')! });
}

/** A balancer's readiness at 127.0.0.1 and 127.0.0.2, on one port: what the test says of each. */
async function balancers(): Promise<{ port: number; healthy: Set<string> }> {
  const healthy = new Set(['127.0.0.1', '127.0.0.2']);
  const servers: Server[] = [];
  let port = 0;
  for (const host of healthy) {
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/ready' && healthy.has(host) ? 200 : 503;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(port, host, resolve));
    port = (server.address() as AddressInfo).port;
    servers.push(server);
  }
  open.push({
    close: async () => {
      for (const server of servers) server.close();
    },
  });
  return { port, healthy };
}

function failover(port: number, rest = ''): Config {
  return lbTest(
    `
www:
  policy: failover
  pools:
    - { name: primary, members: { static: [ 127.0.0.1 ] } }
    - { name: backup, members: { static: [ 127.0.0.2 ] } }
  probe: { http: { port: ${port}, path: /ready }, interval: 100ms, timeout: 500ms, fall: 2, rise: 3 }
  ttl: { min: 0s, max: 30s }`,
    rest,
  );
}

function metrics(
  house: RunningHouse,
): Map<string, ReturnType<typeof parsePrometheusText> extends Map<string, infer F> ? F : never> {
  const text = new MetricsText();
  house.admin.collectMetrics(text);
  return parsePrometheusText(text.toString());
}

describe('the name server', () => {
  it('follows real probes from the primary to the backup and back', async () => {
    const { port, healthy } = await balancers();
    const house = await started(failover(port));
    const answers = async (host: string): Promise<boolean> =>
      (await ask(house.address, 'www.lb.test')).answer.join() === `www.lb.test. 0 IN A ${host}`;
    expect(await answers('127.0.0.1')).toBe(true);
    healthy.delete('127.0.0.1');
    await until(() => answers('127.0.0.2'), { what: 'the backup' });
    healthy.add('127.0.0.1');
    const tookMs = await until(() => answers('127.0.0.1'), { what: 'the primary again' });
    // Three successes, the first at once at the earliest: two intervals, each up to 10 % shorter.
    expect(tookMs).toBeGreaterThan(150);
    healthy.clear();
    await until(() => house.admin.clusters().every((cluster) => cluster.snapshot.upCount === 0), { what: 'both down' });
    expect((await ask(house.address, 'www.lb.test')).answer).toHaveLength(1);
  });

  it('gives its first answer only after the first probes, so a start never shows a dead primary', async () => {
    const { port, healthy } = await balancers();
    healthy.delete('127.0.0.1');
    const house = await started(failover(port));
    expect((await ask(house.address, 'www.lb.test')).answer).toEqual(['www.lb.test. 0 IN A 127.0.0.2']);
    expect(house.admin.started()).toBe(true);
  });

  it('answers after a while without Consul: with other pools, or else SERVFAIL', async () => {
    const config = lbTest(
      `
www:
  policy: failover
  pools:
    - { name: primary, members: { consul: { service: edge } } }
    - { name: backup, members: { static: [ 192.0.2.7 ] } }
alone: { policy: all, pools: [ { name: main, members: { consul: { service: edge } } } ] }`,
      'consul: { address: "http://127.0.0.1:1" }',
    );
    const house = await started(config, { settleMs: 50 });
    expect((await ask(house.address, 'www.lb.test')).answer).toEqual(['www.lb.test. 2 IN A 192.0.2.7']);
    expect(await ask(house.address, 'alone.lb.test')).toMatchObject({ rcode: 'SERVFAIL', answer: [] });
    expect((await ask(house.address, 'ns1.lb.test')).rcode).toBe('NOERROR');
  });

  it('does not wait for a pool that could not change the answer', async () => {
    const config = lbTest(
      `
www:
  policy: failover
  pools:
    - { name: primary, members: { static: [ 192.0.2.7 ] } }
    - { name: backup, members: { consul: { service: edge } } }`,
      'consul: { address: "http://127.0.0.1:1" }',
    );
    const house = await started(config, { settleMs: 60_000 });
    expect((await ask(house.address, 'www.lb.test')).answer).toEqual(['www.lb.test. 30 IN A 192.0.2.7']);
  });

  it('counts queries by zone, type and answer, changes, members and what it dropped', async () => {
    const { port, healthy } = await balancers();
    const house = await started(failover(port));
    await ask(house.address, 'www.lb.test');
    await ask(house.address, 'nope.lb.test', 'TYPE666');
    await ask(house.address, 'example.org', 'AAAA');
    await exchangeUdp(house.address, Buffer.alloc(3), 20);
    healthy.delete('127.0.0.1');
    await until(
      async () =>
        (await ask(house.address, 'www.lb.test', 'NS')).rcode === 'NOERROR' &&
        house.admin.clusters()[0]!.snapshot.upCount === 0,
      { what: 'the primary down' },
    );
    const families = metrics(house);
    const value = (family: string, labels: Record<string, string>): number | undefined =>
      seriesValue(families, family, labels);
    expect(value('outrigger_dns_queries_total', { zone: 'lb.test', qtype: 'A', rcode: 'NOERROR' })).toBe(1);
    expect(value('outrigger_dns_queries_total', { zone: 'lb.test', qtype: 'other', rcode: 'NXDOMAIN' })).toBe(1);
    expect(value('outrigger_dns_queries_total', { zone: '', qtype: 'AAAA', rcode: 'REFUSED' })).toBe(1);
    expect(value('outrigger_dns_dropped_total', { cause: 'short' })).toBe(1);
    await until(
      () =>
        seriesValue(metrics(house), 'outrigger_dns_answer_changes_total', { zone: 'lb.test', name: 'www.lb.test' }) ===
        1,
      { what: 'the change' },
    );
    const member = { zone: 'lb.test', name: 'www.lb.test' };
    expect(value('outrigger_dns_member_up', { ...member, member: '127.0.0.1' })).toBe(0);
    expect(value('outrigger_dns_member_up', { ...member, member: '127.0.0.2' })).toBe(1);
    // One loss, a moment ago: a penalty, and held for some two seconds.
    expect(value('outrigger_dns_member_penalty', { ...member, member: '127.0.0.1' })).toBeGreaterThan(900);
    expect(value('outrigger_dns_member_penalty', { ...member, member: '127.0.0.2' })).toBe(0);
    expect(value('outrigger_dns_member_held', { ...member, member: '127.0.0.1' })).toBe(1);
    expect(value('outrigger_dns_member_held', { ...member, member: '127.0.0.2' })).toBe(0);
  });

  it('lives through 10,000 damaged queries and answers as before', async () => {
    const house = await started(lbTest('web: { a: [ 192.0.2.1 ] }'));
    const good = query('web.lb.test', 'A', { additionals: [opt()] });
    const before = await exchangeUdp(house.address, good);
    const random = seeded(7);
    const socket = createSocket('udp4');
    const [host, port] = house.address.split(':');
    for (let i = 1; i <= 10_000; i++) {
      const bytes = Buffer.from(good.subarray(0, Math.ceil(random() * good.length)));
      for (let n = 0; n < 3; n++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      socket.send(bytes, Number(port), host);
      // One process is both sides: let the server read before the kernel's buffer is full.
      if (i % 100 === 0) expect(await exchangeUdp(house.address, good)).toEqual(before);
    }
    socket.close();
  });
});

describe('the life of the name server', () => {
  it('a port that is taken fails the start, and nothing stays open', async () => {
    const { address } = await started(lbTest(''));
    const config = lbTest('');
    const taken = {
      ...config,
      dns: { ...config.dns!, listen: [{ host: '127.0.0.1', port: Number(address.split(':')[1]) }] },
    };
    const second = start(taken);
    await expect(second.ready).rejects.toThrow(`cannot listen on ${address}`);
    await second.closed;
  });

  it('needs a dns section', () => {
    const { dns: _dns, ...rest } = lbTest('');
    expect(() => startDns({ config: rest, baseDir: '.', log: silentLog })).toThrow('no dns section');
  });

  it('a drain stays available for its delay, ends TCP, and closes', async () => {
    const house = await started(lbTest('', 'drain: { delay: 200ms, grace: 2s }'));
    const connection = await DnsTcpClient.connect(house.address);
    const drained = house.drain();
    expect(house.admin.draining()).toBe(true);
    expect((await ask(house.address, 'ns1.lb.test')).rcode).toBe('NOERROR');
    connection.send(query('ns1.lb.test'));
    expect(readAnswer((await connection.receive(1))[0]!).rcode).toBe('NOERROR');
    await connection.ended();
    connection.close();
    await drained;
    await house.closed;
    expect(await exchangeUdp(house.address, query('ns1.lb.test'), 50)).toBeUndefined();
  });

  it('closing while it still waits for Consul fails the start at once', async () => {
    const pools = '[ { name: main, members: { consul: { service: edge } } } ]';
    const house = start(lbTest(`www: { policy: all, pools: ${pools} }`, 'consul: { address: "http://127.0.0.1:1" }'));
    const closed = house.close();
    await expect(house.ready).rejects.toThrow('closed before it had started');
    await closed;
  });

  it('shows itself on its admin address', async () => {
    const house = await started(lbTest('', 'admin: { listen: "127.0.0.1:0" }'));
    const admin = `http://${house.addresses.get('admin')}`;
    expect((await fetch(`${admin}/ready`)).status).toBe(200);
    expect(await (await fetch(`${admin}/metrics`)).text()).toContain('outrigger_dns_dropped_total{cause="short"} 0');
    expect(await (await fetch(`${admin}/clusters`)).json()).toMatchObject({ role: 'dns', records: [] });
  });
});
