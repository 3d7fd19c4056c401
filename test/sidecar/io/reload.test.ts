import { describe, expect, it } from 'vitest';
import { type ParsedConfig, parseConfig } from '../../../src/config/parse-config.ts';
import { cleanups } from '../../support/cleanups.ts';
import { startTestSidecar, type TestSidecar } from '../../support/sidecar.ts';
import { until } from '../../support/until.ts';
import { get, WireClient } from '../../support/wire-client.ts';
import { ok, type UpstreamBehaviour, WireUpstream } from '../../support/wire-upstream.ts';

const closes = cleanups();

const DEAF: UpstreamBehaviour = { onRequest: () => undefined };

/** An upstream that answers with its name. */
const named = async (name: string): Promise<WireUpstream> =>
  closes(await WireUpstream.start({ onRequest: (_, connection) => connection.send(ok(name)) }));

interface Parts {
  readonly top?: string;
  readonly listeners: readonly string[];
  readonly clusters: Readonly<Record<string, string>>;
}

const yamlOf = ({ top = '', listeners, clusters }: Parts): string => `
log: { access: off }
${top}
listeners:
${listeners.map((it) => `  - ${it}`).join('\n')}
clusters:
${Object.entries(clusters)
  .map(([name, it]) => `  ${name}: ${it}`)
  .join('\n')}
`;

const web = (routes: string, more = ''): string =>
  `{ name: web, listen: "127.0.0.1:0", protocol: http, routes: ${routes}${more} }`;
const only = (upstream: WireUpstream, more = ''): string =>
  `{ discover: { static: [ { address: "${upstream.address}", id: e } ] }${more} }`;

async function start(parts: Parts): Promise<TestSidecar> {
  return closes(await startTestSidecar(yamlOf(parts)));
}

const reload = (sidecar: TestSidecar, yaml: Parts | string): Promise<void> => {
  const text = typeof yaml === 'string' ? yaml : yamlOf(yaml);
  return sidecar.house.reload(async (): Promise<ParsedConfig> => parseConfig(text, { file: 'f', env: {} }));
};

const connect = async (sidecar: TestSidecar, listener?: string): Promise<WireClient> =>
  closes(await WireClient.connect(sidecar.address(listener)));

describe('a reload', () => {
  it('changes the routes of open connections from their next request on', async () => {
    const [a, b] = [await named('a'), await named('b')];
    const clusters = { a: only(a), b: only(b) };
    const sidecar = await start({ listeners: [web('[ { to: a } ]')], clusters });
    const address = sidecar.address();
    const client = await connect(sidecar);
    expect((await client.ask(get('/'))).body).toBe('a');
    await reload(sidecar, { listeners: [web('[ { match: { path: /b }, to: b }, { to: a } ]')], clusters });
    expect((await client.ask(get('/b'))).body).toBe('b');
    expect((await client.ask(get('/'))).body).toBe('a');
    expect(sidecar.address()).toBe(address);
    // The kept connection to the cluster that stayed is the one from before.
    expect(a.connections).toHaveLength(1);
    expect(sidecar.house.admin.reloads()).toMatchObject({ counts: { applied: 1, refused: 0 }, refusal: undefined });
  });

  it('leaves a request whose body is awaited to the routes that have read its head', async () => {
    const [a, b] = [await named('a'), await named('b')];
    const clusters = { a: only(a), b: only(b) };
    const byBody = '[ { match: { headers: { x-one: "1" }, json: { /k: v } }, to: a }, { to: b } ]';
    const sidecar = await start({ listeners: [web(byBody)], clusters });
    const client = await connect(sidecar);
    const body = '{"k":"v"}';
    const fields = `x-one: 1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`;
    client.send(`POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n${fields}\r\n\r\n`);
    expect((await client.response()).status).toBe(100);
    await reload(sidecar, {
      listeners: [web('[ { match: { headers: { x-two: "1" } }, to: a }, { to: b } ]')],
      clusters,
    });
    client.send(body);
    expect((await client.response()).body).toBe('a');
    expect((await client.ask(get('/'))).body).toBe('b');
  });

  it('lets a request that runs come to its end where it began', async () => {
    const old = closes(await WireUpstream.start(DEAF));
    const next = await named('next');
    const sidecar = await start({ listeners: [web('[ { to: app } ]')], clusters: { app: only(old) } });
    const client = await connect(sidecar);
    client.send(get('/running') + get('/behind'));
    await until(() => old.requests.length === 1, { what: 'the request' });
    await reload(sidecar, { listeners: [web('[ { to: app } ]')], clusters: { app: only(next) } });
    old.connections[0]?.send(ok('old'));
    expect((await client.response()).body).toBe('old');
    expect((await client.response()).body).toBe('next');
    // Of the cluster as it was nothing is kept.
    await until(() => old.open.length === 0, { what: 'the connection to the old endpoint to close' });
    client.close();
    await sidecar.settles();
    expect(sidecar.sum('outrigger_upstream_in_flight')).toBe(0);
  });

  it('is refused as a whole where an address cannot be bound, and nothing has changed', async () => {
    const [a, b] = [await named('a'), await named('b')];
    const before = { listeners: [web('[ { to: a } ]')], clusters: { a: only(a), b: only(b) } };
    const sidecar = await start(before);
    const shown = sidecar.house.admin.config();
    const taken = `{ name: two, listen: "${b.address}", protocol: http, routes: [ { to: b } ] }`;
    const free = '{ name: three, listen: "127.0.0.1:0", protocol: http, routes: [ { to: b } ] }';
    await reload(sidecar, { ...before, listeners: [web('[ { to: b } ]'), free, taken] });
    const { counts, refusal } = sidecar.house.admin.reloads();
    expect(counts).toEqual({ applied: 0, unchanged: 0, refused: 1, superseded: 0 });
    expect(refusal?.reason).toContain(`cannot listen on ${b.address}`);
    expect((await (await connect(sidecar)).ask(get('/'))).body).toBe('a');
    expect([...sidecar.house.addresses.keys()]).toEqual(['web']);
    expect(sidecar.house.admin.config()).toEqual(shown);
  });

  it('that is not valid is refused with its place', async () => {
    const a = await named('a');
    const before = { listeners: [web('[ { to: a } ]')], clusters: { a: only(a) } };
    const sidecar = await start(before);
    await reload(sidecar, { ...before, listeners: [web('[ { to: nobody } ]')] });
    expect(sidecar.house.admin.reloads().refusal?.reason).toMatch(
      /^not valid: 5:\d+: listeners\[0\]\.routes\[0\]\.to: no cluster/,
    );
    await reload(sidecar, 'listeners: [');
    expect(sidecar.house.admin.reloads().counts.refused).toBe(2);
    expect((await (await connect(sidecar)).ask(get('/'))).body).toBe('a');
    await reload(sidecar, before);
    expect(sidecar.house.admin.reloads()).toMatchObject({ counts: { unchanged: 1 }, refusal: undefined });
  });

  it('binds a new listener and drains one that is gone', async () => {
    const a = closes(await WireUpstream.start(DEAF));
    const clusters = { a: only(a) };
    const extra = '{ name: extra, listen: "127.0.0.1:0", protocol: http, routes: [ { to: a } ] }';
    const tunnel = '{ name: tunnel, listen: "127.0.0.1:0", protocol: tcp, to: a }';
    const top = 'drain: { grace: 300ms }';
    const sidecar = await start({ top, listeners: [web('[ { to: a } ]'), extra], clusters });
    const gone = sidecar.address('extra');
    const client = await connect(sidecar, 'extra');
    client.send(get('/'));
    await until(() => a.requests.length === 1, { what: 'the request' });
    await reload(sidecar, { top, listeners: [web('[ { to: a } ]'), tunnel], clusters });
    await expect(WireClient.connect(gone)).rejects.toThrow('ECONNREFUSED');
    a.connections[0]?.send(ok('done'));
    const response = await client.response();
    expect([response.body, response.header('connection')]).toEqual(['done', 'close']);
    expect([...sidecar.house.addresses.keys()].toSorted()).toEqual(['tunnel', 'web']);
    // A TCP connection that does not end by itself is cut at `drain.grace`.
    const raw = await connect(sidecar, 'tunnel');
    raw.send('hello');
    await until(() => a.connections.length === 2, { what: 'the tunnel' });
    await reload(sidecar, { top, listeners: [web('[ { to: a } ]')], clusters });
    expect(sidecar.sum('outrigger_connections', { listener: 'tunnel' })).toBe(1);
    expect(await raw.over(3_000)).toBe('reset');
    expect(sidecar.sum('outrigger_requests_total', { listener: 'extra', status: '200' })).toBe(1);
  });

  it('changes the name and the limits of a listener under its connections', async () => {
    const a = await named('a');
    const clusters = { a: only(a) };
    const listen = `unix:/tmp/outrigger-reload-${process.pid}.sock`;
    const at = (name: string, limits = ''): string =>
      `{ name: ${name}, listen: "${listen}", protocol: http, routes: [ { to: a } ], limits: { ${limits} } }`;
    const sidecar = await start({ listeners: [at('one')], clusters });
    const client = closes(await WireClient.connect(listen));
    await client.ask(get('/'));
    await reload(sidecar, { listeners: [at('two', 'max_requests_per_connection: 2')], clusters });
    expect((await client.ask(get('/'))).header('connection')).toBe('close');
    expect(sidecar.sum('outrigger_requests_total', { listener: 'one' })).toBe(1);
    expect(sidecar.sum('outrigger_requests_total', { listener: 'two' })).toBe(1);
    expect([...sidecar.house.addresses]).toEqual([['two', listen]]);
  });

  it('leaves clients pinned by a cookie whose secret only this process knows', async () => {
    const [a, b] = [await named('a'), await named('b')];
    const clusters = {
      app: `{ discover: { static: [ { address: "${a.address}", id: a }, { address: "${b.address}", id: b } ] } }`,
    };
    const routes = (more: string): string => web(`[ { to: app, sticky_cookie: { name: pin }${more} } ]`);
    const sidecar = await start({ listeners: [routes('')], clusters });
    const client = await connect(sidecar);
    const first = await client.ask(get('/'));
    const cookie = first.header('set-cookie')?.split(';')[0] ?? '';
    await reload(sidecar, { listeners: [routes('')], clusters });
    expect(sidecar.house.admin.reloads().counts).toMatchObject({ unchanged: 1 });
    await reload(sidecar, { listeners: [routes(', timeout: 2s')], clusters });
    expect(sidecar.house.admin.reloads().counts).toMatchObject({ applied: 1 });
    for (let i = 0; i < 4; i += 1) {
      const answer = await client.ask(`GET / HTTP/1.1\r\nhost: app.test\r\ncookie: ${cookie}\r\n\r\n`);
      expect([answer.body, answer.header('set-cookie')]).toEqual([first.body, undefined]);
    }
  });

  it('keeps an address from changing its protocol', async () => {
    const a = await named('a');
    const clusters = { a: only(a) };
    const sidecar = await start({ listeners: [web('[ { to: a } ]')], clusters });
    await reload(sidecar, { listeners: ['{ name: web, listen: "127.0.0.1:0", protocol: tcp, to: a }'], clusters });
    expect(sidecar.house.admin.reloads().refusal?.reason).toContain('cannot change its protocol');
    expect((await (await connect(sidecar)).ask(get('/'))).body).toBe('a');
  });

  it('names what needs a restart and applies the rest', async () => {
    const [a, b] = [await named('a'), await named('b')];
    const clusters = { a: only(a), b: only(b) };
    const sidecar = await start({ listeners: [web('[ { to: a } ]')], clusters });
    await reload(sidecar, { top: 'workers: 2\nsnapshot_dir: /nowhere', listeners: [web('[ { to: b } ]')], clusters });
    expect(sidecar.house.admin.reloads()).toMatchObject({
      counts: { applied: 1 },
      needsRestart: ['snapshot_dir', 'workers'],
    });
    expect(sidecar.house.admin.config()).toMatchObject({ workers: 1 });
    expect((await (await connect(sidecar)).ask(get('/'))).body).toBe('b');
  });
});

describe('clusters in a reload', () => {
  const probed = ', health_check: { http: { path: /health }, interval: 100ms, timeout: 100ms }';
  const list = (endpoints: readonly string[], more = ''): string =>
    `{ discover: { static: [ ${endpoints.join(', ')} ] }${more} }`;

  it('keep health, slots and connections where only a weight or the policy changes', async () => {
    const [a, b] = [await named('a'), await named('b')];
    const entry = ({ address }: WireUpstream, weight: number): string => `{ address: "${address}", weight: ${weight} }`;
    const before = list([entry(a, 1), entry(b, 1)], probed);
    const sidecar = await start({ listeners: [web('[ { to: app } ]')], clusters: { app: before } });
    const [cluster] = sidecar.house.admin.clusters();
    const client = await connect(sidecar);
    for (let i = 0; i < 4; i += 1) await client.ask(get('/'));
    const changed = list([entry(a, 0), entry(b, 3)], `${probed}, balance: { policy: random }`);
    await reload(sidecar, { listeners: [web('[ { to: app } ]')], clusters: { app: changed } });
    expect(sidecar.house.admin.reloads().counts.applied).toBe(1);
    const answers: string[] = [];
    for (let i = 0; i < 20; i += 1) answers.push((await client.ask(get('/'))).body);
    expect(new Set(answers)).toEqual(new Set(['b']));
    expect(sidecar.house.admin.clusters()[0]).toBe(cluster);
    expect(sidecar.sum('outrigger_upstream_requests_total', { outcome: '2xx' })).toBe(24);
  });

  it('are probed before the first request goes to them', async () => {
    const a = await named('a');
    const b = await named('b');
    const sick = closes(
      await WireUpstream.start({ onRequest: (_, it) => it.send('HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n') }),
    );
    const sidecar = await start({ listeners: [web('[ { to: app } ]')], clusters: { app: only(a) } });
    const client = await connect(sidecar);
    const after = list([`"${sick.address}"`, `"${b.address}"`], probed);
    const done = reload(sidecar, { listeners: [web('[ { to: app } ]')], clusters: { app: after } });
    const answers: string[] = [];
    let isDone = false;
    void done.then(() => {
      isDone = true;
    });
    while (!isDone) answers.push((await client.ask(get('/'))).body);
    for (let i = 0; i < 10; i += 1) answers.push((await client.ask(get('/'))).body);
    expect(new Set(answers)).toEqual(new Set(['a', 'b']));
    expect(answers.slice(-10)).toEqual(Array.from({ length: 10 }, () => 'b'));
  });

  it('that never answer are waited for no longer than until another reload, or the end', async () => {
    const a = await named('a');
    const before = { listeners: [web('[ { to: app } ]')], clusters: { app: only(a) } };
    const sidecar = await start(before);
    const missing = { ...before, clusters: { app: '{ discover: { file: /nowhere/endpoints.yaml } }' } };
    const first = reload(sidecar, missing);
    const second = reload(sidecar, { ...before, clusters: { app: only(a, ', balance: { policy: random }') } });
    await Promise.all([first, second]);
    expect(sidecar.house.admin.reloads().counts).toEqual({ applied: 1, unchanged: 0, refused: 0, superseded: 1 });
    const last = reload(sidecar, missing);
    await sidecar.close();
    await last;
    expect(sidecar.house.admin.reloads()).toMatchObject({ counts: { refused: 1 } });
    await reload(sidecar, before);
    expect(sidecar.house.admin.reloads().refusal?.reason).toContain('drains');
  });
});
