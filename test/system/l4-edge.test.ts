/** The files of examples/l4-edge as real programs with a real Consul: a TCP edge, two balancers behind it, a service. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { describeWithConsul, freePorts, startConsul, type TestConsul } from '../support/consul.ts';
import { executedTwice, Instance } from '../support/instances.ts';
import { Load, type LoadOptions } from '../support/load.ts';
import { type Program, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { get, WireClient } from '../support/wire-client.ts';

const FOLDER = join(import.meta.dirname, '../../examples/l4-edge');
const TCP_EDGE = readFileSync(join(FOLDER, 'tcp-edge.yaml'), 'utf8');
const BALANCER = readFileSync(join(FOLDER, 'balancer.yaml'), 'utf8');

const A = '127.0.0.2';
const B = '127.0.0.3';
/** Where clients come from: not the address of the TCP edge, whose word the balancers take. */
const CLIENT = '127.0.0.77';
const VICTIM = '203.0.113.9';

/** PROXY protocol headers that name `VICTIM` as the client, as a TCP edge would. */
const FORGED: Readonly<Record<string, Buffer>> = {
  v1: Buffer.from(`PROXY TCP4 ${VICTIM} 127.0.0.2 50000 8080\r\n`),
  v2: Buffer.concat([
    Buffer.from('0d0a0d0a000d0a515549540a2111000c', 'hex'),
    Buffer.of(203, 0, 113, 9, 127, 0, 0, 2, 195, 80, 31, 144),
  ]),
};

describeWithConsul('a TCP edge over a pair of balancers', () => {
  const opened: { close(): unknown }[] = [];
  const openedByTest: { close(): unknown }[] = [];
  const keep = <T extends { close(): unknown }>(it: T, list = opened): T => {
    list.push(it);
    return it;
  };
  const shops = [new Instance('shop-1'), new Instance('shop-2')];
  const balancers = new Map<string, Program>();
  let consul: TestConsul;
  let env: Readonly<Record<string, string>> = {};
  let balancerPort = 0;
  let edge: Program;

  const startBalancer = async (address: string): Promise<void> => {
    const own = { ...env, BALANCER_ADDRESS: address };
    const balancer = keep(await startProgram('sidecar', BALANCER, [], own));
    balancers.set(address, balancer);
    void balancer.exited.then(() => balancers.delete(address));
  };

  const whenUp = (address: string): Promise<number> =>
    until(
      async () => {
        const labels = { cluster: 'balancers', endpoint: `${address}:${balancerPort}` };
        return (await edge.metric('outrigger_endpoint_up', labels)) === 1;
      },
      { what: `${address} to be up` },
    );

  beforeAll(async () => {
    const [port = 0, status = 0] = await freePorts(2);
    balancerPort = port;
    const started = Promise.all(shops.map((shop) => keep(shop).start()));
    consul = await startConsul({ dev: true });
    keep({ close: () => consul.stop() });
    await started;
    await Promise.all(shops.map((shop) => consul.register({ id: shop.id, name: 'shop', port: shop.port })));
    env = {
      CONSUL_HTTP_ADDR: consul.address,
      EDGE_LISTEN: '127.0.0.1:0',
      BALANCER_PORT: String(port),
      STATUS_PORT: String(status),
      ADMIN: '127.0.0.1:0',
    };
    edge = keep(await startProgram('sidecar', TCP_EDGE, [], env));
  });

  /** Both, whatever the test before has done to them. */
  beforeEach(async () => {
    await Promise.all([A, B].filter((address) => !balancers.has(address)).map(startBalancer));
    await Promise.all([whenUp(A), whenUp(B)]);
  });

  afterAll(async () => {
    for (const it of opened.splice(0).reverse()) await it.close();
  });
  afterEach(async () => {
    for (const it of openedByTest.splice(0).reverse()) await it.close();
  });

  const connect = async (address: string): Promise<WireClient> =>
    keep(await WireClient.connect(address, { from: CLIENT }), openedByTest);

  function startLoad(options: Partial<LoadOptions> = {}): Load {
    const request = (n: number) => ({ headers: { cookie: `uid=user-${n % 100}` } });
    const addresses = [edge.address('front')];
    return keep(new Load({ addresses, from: CLIENT, perSecond: 200, request, ...options }), openedByTest);
  }

  async function sends(load: Load, more: number): Promise<void> {
    const { sent } = load;
    await until(() => load.sent > sent + more, { what: 'the load to go on' });
  }

  const executed = (): number => shops.reduce((sum, shop) => sum + shop.executed.size, 0);

  it('tells the service the address of the client, whatever the client says of itself', async () => {
    const client = await connect(edge.address('front'));
    for (const fields of [[], [`x-forwarded-for: ${VICTIM}`, `x-real-ip: ${VICTIM}`, `forwarded: for=${VICTIM}`]]) {
      const response = await client.ask(get('/', fields));
      expect([response.status, response.header('x-client')]).toEqual([200, CLIENT]);
    }
  });

  it.each(['v1', 'v2'])(
    'takes a PROXY protocol header (%s) of a client for bytes of a request, and refuses it',
    async (version) => {
      const before = executed();
      const client = await connect(edge.address('front'));
      client.send(Buffer.concat([FORGED[version]!, Buffer.from(get('/', ['x-load-id: forged']))]));
      const response = await client.response();
      expect([response.status, response.header('x-outrigger-reason')]).toEqual([400, 'bad_request']);
      await client.over();
      expect(executed()).toBe(before);
    },
  );

  it.each(['v1', 'v2'])('lets nobody reach a balancer past the TCP edge with such a header (%s)', async (version) => {
    const before = executed();
    const client = await connect(`${A}:${balancerPort}`);
    client.send(Buffer.concat([FORGED[version]!, Buffer.from(get('/', ['x-load-id: forged']))]));
    expect(await client.over()).toBe('reset');
    expect([client.received, executed()]).toEqual(['', before]);
  });

  it('loses no request when a balancer drains, over connections that are kept and over fresh ones', async () => {
    const kept = startLoad({ repeatsOnKept: true });
    const fresh = startLoad({ freshConnections: true });
    await sends(fresh, 200);
    const balancer = balancers.get(B)!;
    balancer.child.kill('SIGTERM');
    expect(await balancer.exited).toBe(0);
    await sends(fresh, 50);
    await Promise.all([kept.finish(), fresh.finish()]);
    console.info(
      `${kept.sent + fresh.sent} requests, of which ${kept.repeated} met a closed connection and came again`,
    );
    expect([...kept.failures, ...fresh.failures]).toEqual([]);
    expect(executedTwice(shops)).toEqual([]);
  });

  it('cuts the connections of a balancer that dies, and loses none that begins after that', async () => {
    // One of them each, since the one with the fewest connections is next.
    const clients = [await connect(edge.address('front')), await connect(edge.address('front'))];
    for (const client of clients) expect((await client.ask(get('/'))).status).toBe(200);
    const load = startLoad({ freshConnections: true });
    await sends(load, 200);
    const balancer = balancers.get(A)!;
    balancer.child.kill('SIGKILL');
    await balancer.exited;
    const diedAt = performance.now();
    await sends(load, 600);
    await load.finish();
    const lost = load.failed.filter((n) => (load.sentAtMs[n] ?? 0) > diedAt);
    console.info(`${load.failed.length} requests that were under way were cut, ${lost.length} lost of those after`);
    expect(lost).toEqual([]);
    // What is under way at one moment, of 200 a second.
    expect(load.failed.length).toBeLessThan(100);
    await until(() => clients.some((client) => client.isOver), { what: 'one of the connections to be cut' });
    const [survivor] = clients.filter((client) => !client.isOver);
    expect((await survivor!.ask(get('/'))).status).toBe(200);
  });
});
