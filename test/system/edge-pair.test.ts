/** The files of examples/edge-pair as real programs with a real Consul, each balancer at an address of its own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { ClustersReport } from '../../src/clusters-report.ts';
import { describeWithConsul, freePorts, startConsul, type TestConsul } from '../support/consul.ts';
import { ask } from '../support/dns-client.ts';
import { Instance } from '../support/instances.ts';
import { Load, type LoadOptions } from '../support/load.ts';
import { accepts, Moments } from '../support/moments.ts';
import { NameClient } from '../support/name-client.ts';
import { type Program, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

const FOLDER = join(import.meta.dirname, '../../examples/edge-pair');
const EDGE = readFileSync(join(FOLDER, 'edge.yaml'), 'utf8');
const NAME_SERVER = readFileSync(join(FOLDER, 'name-server.yaml'), 'utf8');

const A = '127.0.0.2';
const B = '127.0.0.3';
const C = '127.0.0.4';
/** What edge.yaml says of `drain.delay`, and name-server.yaml of the longest TTL. */
const DELAY_MS = 7_000;
const LONGEST_TTL_SECONDS = 5;

interface Entry {
  readonly Service: { readonly Address: string };
  readonly Checks: readonly { readonly CheckID: string }[];
}

describeWithConsul('a pair of edge balancers', () => {
  const open: { close(): unknown }[] = [];
  const keep = <T extends { close(): unknown }>(opened: T): T => {
    open.push(opened);
    return opened;
  };
  const shops = [new Instance('shop-1'), new Instance('shop-2')] as const;
  let consul: TestConsul;
  let edgePort = 0;
  let env: Readonly<Record<string, string>> = {};
  let nameServers: readonly Program[] = [];
  const edges = new Map<string, Program>();

  const startEdge = async (address: string, tag: string): Promise<void> => {
    const own = { ...env, EDGE_ADDRESS: address, EDGE_TAG: tag };
    const edge = keep(await startProgram('sidecar', EDGE, [], own));
    edges.set(address, edge);
    void edge.exited.then(() => edges.delete(address));
  };

  beforeAll(async () => {
    const [edge = 0, status = 0] = await freePorts(2);
    edgePort = edge;
    consul = await startConsul({ dev: true });
    keep({ close: () => consul.stop() });
    for (const shop of shops) keep(shop);
    env = {
      CONSUL_HTTP_ADDR: consul.address,
      EDGE_PORT: String(edge),
      STATUS_PORT: String(status),
      ADMIN: '127.0.0.1:0',
      DNS_ADMIN: '127.0.0.1:0',
      DNS_LISTEN: '127.0.0.1:0',
    };
    const startNameServer = async (): Promise<Program> => keep(await startProgram('dns', NAME_SERVER, [], env));
    nameServers = await Promise.all([startNameServer(), startNameServer()]);
  });

  /** Both balancers and both instances, whatever the test before has done to them. */
  beforeEach(async () => {
    for (const shop of shops) {
      await shop.kill9();
      await shop.start();
    }
    await Promise.all(shops.map(({ id, port }) => consul.register({ id, name: 'shop', port })));
    const missing = Object.entries({ [A]: 'primary', [B]: 'backup' }).filter(([address]) => !edges.has(address));
    await Promise.all(missing.map(([address, tag]) => startEdge(address, tag)));
    await everywhere('www', [A]);
    await everywhere('app', [A, B]);
  });

  afterAll(async () => {
    for (const it of open.splice(0).reverse()) await it.close();
  });

  const entryOf = async (address: string): Promise<Entry | undefined> =>
    ((await consul.get('/v1/health/service/edge')) as Entry[]).find(({ Service }) => Service.Address === address);

  /** None before any balancer has registered. */
  async function addresses(server: Program, name: string): Promise<string[]> {
    const { answer } = await ask(server.address('dns'), `${name}.edge.example.com`);
    return answer.map((line) => line.split(' ').at(-1) ?? '').toSorted();
  }

  const answersWith = (server: Program, name: string, wanted: readonly string[]) => async (): Promise<boolean> =>
    String(await addresses(server, name)) === String(wanted);

  async function everywhere(name: string, wanted: readonly string[]): Promise<void> {
    for (const server of nameServers) {
      await until(answersWith(server, name, wanted), { what: `${name} to be ${wanted.join(' and ')}` });
    }
  }

  /** 500 requests a second of a client that asks for the name again when its answer is too old, and tries nothing twice. */
  function loadByName(name: string, onAnswer: LoadOptions['onAnswer'] = () => undefined) {
    const server = nameServers[0]?.address('dns') ?? '';
    const names = keep(new NameClient({ name: `${name}.edge.example.com`, server, port: edgePort }));
    const request = (n: number) => ({ headers: { cookie: `uid=user-${n % 200}` } });
    const load = keep(new Load({ addresses: () => names.address(), perSecond: 500, request, onAnswer }));
    return { load, names };
  }

  it('drains the primary: out of Consul, out of DNS, and only then closed, with no request lost', async () => {
    const primary = edges.get(A)!;
    const { load, names } = loadByName('www');
    await until(() => load.sent > 500, { what: 'the load to be under way' });

    const moments = keep(new Moments());
    const inMaintenance = moments.watch(async () => {
      const checks = (await entryOf(A))?.Checks ?? [];
      return checks.some(({ CheckID }) => CheckID.startsWith('_service_maintenance'));
    });
    const deregistered = moments.watch(async () => (await entryOf(A)) === undefined);
    const others = nameServers.flatMap((server) => [
      moments.watch(answersWith(server, 'www', [B])),
      moments.watch(answersWith(server, 'app', [B])),
    ]);
    const closed = moments.watch(async () => !(await accepts(`${A}:${edgePort}`)), 20);

    const begunAt = performance.now();
    primary.child.kill('SIGTERM');
    expect(await primary.exited).toBe(0);
    const { sent } = load;
    await until(() => load.sent > sent + 250, { what: 'the load to go on for a while' });
    await load.finish();
    await moments.close();

    const since = (moment: { readonly atMs: number }): number => moment.atMs - begunAt;
    const answered = Math.max(...others.map(since));
    console.info(
      `maintenance mode ${since(inMaintenance).toFixed(0)} ms, all answers ${answered.toFixed(0)} ms, ` +
        `deregistered ${since(deregistered).toFixed(0)} ms, closed ${since(closed).toFixed(0)} ms after SIGTERM; ` +
        `${load.sent} requests, ${load.failures.length} lost`,
    );
    expect(load.failures).toEqual([]);
    expect(names.longestTtl).toBeLessThanOrEqual(LONGEST_TTL_SECONDS);
    // Well below 0.1 s on an idle machine. Probes alone would need three failures, 1.8 s at the least.
    expect(answered).toBeLessThan(1_700);
    expect(since(deregistered)).toBeGreaterThan(answered);
    expect(since(deregistered)).toBeLessThan(DELAY_MS);
    expect(since(closed)).toBeGreaterThan(DELAY_MS);
    // The answers stay: that the pool `primary` is empty now is taken at its word.
    await everywhere('www', [B]);
  });

  it('takes a third balancer in, and lets it go again, as it comes and goes', async () => {
    await startEdge(C, 'backup');
    await everywhere('app', [A, B, C]);
    await everywhere('www', [A]);
    const rings = new Set<string>();
    for (const edge of edges.values()) {
      const report = (await (await fetch(`http://${edge.address('admin')}/clusters`)).json()) as ClustersReport;
      rings.add(String(report.clusters.find(({ name }) => name === 'shop')?.fingerprint));
    }
    // One user meets the same instance through any of them.
    expect([edges.size, rings.size]).toEqual([3, 1]);
    edges.get(C)?.child.kill('SIGTERM');
    await everywhere('app', [A, B]);
    // A second signal ends it at once; it is still taken out of Consul.
    edges.get(C)?.child.kill('SIGTERM');
    await until(async () => (await entryOf(C)) === undefined, { what: 'it to be deregistered' });
  });

  it('lets an instance of the service leave as it leaves itself, with no request lost', async () => {
    const [, leaving] = shops;
    const answered: number[] = [];
    const { load } = loadByName('app', ({ n, instance }) => {
      if (instance === leaving.id) answered.push(n);
    });
    await until(() => answered.length > 50, { what: 'the load to be under way' });
    await consul.setMaintenance(leaving.id, true);
    const isDone = async (edge: Program): Promise<boolean> => {
      const labels = { cluster: 'shop', endpoint: `127.0.0.1:${leaving.port}` };
      const isUp = (await edge.metric('outrigger_endpoint_up', labels)) === 1;
      return !isUp && (await edge.metric('outrigger_upstream_in_flight', labels)) === 0;
    };
    for (const edge of edges.values()) await until(() => isDone(edge), { what: 'the edge to be done with it' });
    const doneAt = performance.now();
    await consul.deregister(leaving.id);
    await leaving.kill9();
    const { sent } = load;
    await until(() => load.sent > sent + 500, { what: 'the load to go on for a while' });
    await load.finish();
    expect(load.failures).toEqual([]);
    expect(answered.filter((n) => (load.sentAtMs[n] ?? 0) > doneAt)).toEqual([]);
  });
});
