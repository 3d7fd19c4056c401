import { describe, expect, it } from 'vitest';
import { cleanups } from '../../support/cleanups.ts';
import { startTestSidecar, type TestSidecar } from '../../support/sidecar.ts';
import { until } from '../../support/until.ts';
import { get, post, type Response, WireClient } from '../../support/wire-client.ts';
import { ok, WireUpstream } from '../../support/wire-upstream.ts';

const closes = cleanups();
const JSON_TYPE = 'content-type: application/json';
const KIB = 1_024;

interface Stage {
  readonly sidecar: TestSidecar;
  /** In front of `gold` and `rest`; it answers with `<name> <body>`. */
  readonly upstreams: Readonly<Record<'gold' | 'rest', WireUpstream>>;
  readonly client: WireClient;
}

const naming = async (name: string): Promise<WireUpstream> =>
  closes(
    await WireUpstream.start({
      onRequest: ({ body }, connection) => connection.send(ok(`${name} ${body}`)),
    }),
  );

/** Gold users' bodies go to `gold`, everything else to `rest`. */
async function stage(limits = ''): Promise<Stage> {
  const upstreams = { gold: await naming('gold'), rest: await naming('rest') };
  const sidecar = closes(
    await startTestSidecar(`
log: { access: off }
listeners:
  - name: web
    listen: "127.0.0.1:0"
    protocol: http
    limits: { ${limits} }
    routes:
      - { name: gold, match: { path_prefix: /orders, json: { /user/tier: gold } }, to: gold }
      - { name: rest, match: { path_prefix: /orders }, to: rest }
clusters:
  gold: { discover: { static: [ "${upstreams.gold.address}" ] } }
  rest: { discover: { static: [ "${upstreams.rest.address}" ] } }
`),
  );
  return { sidecar, upstreams, client: await connect(sidecar) };
}

const connect = async (sidecar: TestSidecar): Promise<WireClient> =>
  closes(await WireClient.connect(sidecar.address()));

const GOLD = '{"user":{"tier":"gold"}}';
const SILVER = '{"user":{"tier":"silver"}}';
const bodyOf = ({ status, body }: Response): string => `${status} ${body}`;

const chunked = (chunks: readonly string[], end = '0\r\n\r\n'): string =>
  chunks.map((it) => `${it.length.toString(16)}\r\n${it}\r\n`).join('') + end;
const chunkedHead = (fields: readonly string[] = [JSON_TYPE]): string =>
  `POST /orders HTTP/1.1\r\n${['host: app.test', 'transfer-encoding: chunked', ...fields].join('\r\n')}\r\n\r\n`;

describe('a request whose route goes by its body', () => {
  it('goes where the body says, whole', async () => {
    const { client } = await stage();
    expect(bodyOf(await client.ask(post('/orders', GOLD, [JSON_TYPE])))).toBe(`200 gold ${GOLD}`);
    expect(bodyOf(await client.ask(post('/orders', SILVER, [JSON_TYPE])))).toBe(`200 rest ${SILVER}`);
  });

  it('is the same whether its bytes come one by one or all at once', async () => {
    const { client, upstreams } = await stage();
    const wire = post('/orders', GOLD, [JSON_TYPE]);
    for (const byte of wire) {
      client.send(byte);
      await new Promise(setImmediate);
    }
    expect(bodyOf(await client.response())).toBe(`200 gold ${GOLD}`);
    expect(upstreams.gold.requests.map(({ body }) => body)).toEqual([GOLD]);
  });

  it('is read without its chunks and goes on with them, extensions gone and trailers kept', async () => {
    const { client, upstreams } = await stage();
    client.send(`${chunkedHead()}5;x=y\r\n{"use\r\n`);
    client.send(chunked(['r":{"tier":"gold"}}'], '0\r\nx-check: 1\r\n\r\n'));
    expect(bodyOf(await client.response())).toBe(`200 gold ${GOLD}`);
    expect(upstreams.gold.requests[0]).toMatchObject({ body: GOLD, trailers: ['x-check: 1'] });
    expect(upstreams.gold.requests[0]?.fields).toContain('transfer-encoding: chunked');
  });

  it('gives way to those pipelined behind it, in order, whatever they go by', async () => {
    const { client } = await stage();
    const wires = [post('/orders/1', GOLD, [JSON_TYPE]), get('/orders/2'), post('/orders/3', SILVER, [JSON_TYPE])];
    client.send([...wires, chunkedHead() + chunked([GOLD]), get('/orders/5')].join(''));
    const answers = [];
    for (let i = 0; i < 5; i += 1) answers.push(bodyOf(await client.response()));
    expect(answers).toEqual([`200 gold ${GOLD}`, '200 rest ', `200 rest ${SILVER}`, `200 gold ${GOLD}`, '200 rest ']);
  });

  it('is asked for its body where it waits to be asked, once', async () => {
    const { client, upstreams } = await stage();
    const [head = '', body = ''] = post('/orders', GOLD, [JSON_TYPE, 'expect: 100-continue']).split('\r\n\r\n');
    client.send(`${head}\r\n\r\n`);
    expect((await client.response()).line).toBe('HTTP/1.1 100 Continue');
    expect(upstreams.gold.connections).toHaveLength(0);
    client.send(body);
    expect(bodyOf(await client.response())).toBe(`200 gold ${GOLD}`);
    expect(client.received).toBe('');
  });

  it('is not asked for a body that has begun to come', async () => {
    const { client } = await stage();
    client.send(post('/orders', GOLD, [JSON_TYPE, 'expect: 100-continue']));
    expect((await client.response()).status).toBe(200);
  });

  it.each<[string, number]>([
    ['exactly as large as may be held', 1_024],
    ['larger by one byte', 1_025],
  ])('may have a body %s', async (_what, size) => {
    const { client } = await stage('max_json_body: 1KiB');
    const body = GOLD.replace('}}', `},"x":"${'x'.repeat(size - GOLD.length - 7)}"}`);
    expect(body).toHaveLength(size);
    const expected = size === 1_024 ? 'gold' : 'rest';
    expect(bodyOf(await client.ask(post('/orders', body, [JSON_TYPE])))).toBe(`200 ${expected} ${body}`);
  });

  it('goes on without an answer from its body when more of it comes than may be held', async () => {
    const { client, upstreams, sidecar } = await stage('max_json_body: 1KiB');
    const body = GOLD.replace('}}', `},"x":"${'x'.repeat(300 * KIB)}"}`);
    client.send(chunkedHead() + chunked([body.slice(0, 2_000)], ''));
    // The rest is not waited for any more: it streams.
    await until(() => upstreams.rest.connections[0]?.received.includes(body.slice(0, 2_000)) === true, {
      what: 'the first bytes to go on',
    });
    client.send(chunked([body.slice(2_000, 200_000), body.slice(200_000)]));
    const { status, body: answer } = await client.response();
    expect([status, answer.length]).toEqual([200, 'rest '.length + body.length]);
    expect(upstreams.rest.requests[0]?.body === body).toBe(true);
    expect(bodyOf(await client.ask(post('/orders', GOLD, [JSON_TYPE])))).toBe(`200 gold ${GOLD}`);
    client.close();
    await sidecar.settles();
  });

  it('is not waited for where its fields say that there is nothing to read', async () => {
    const { client, upstreams } = await stage('max_json_body: 1KiB');
    const cases = [[], ['content-type: text/plain'], [JSON_TYPE, 'content-encoding: gzip']];
    for (const fields of cases)
      expect(bodyOf(await client.ask(post('/orders', GOLD, fields)))).toBe(`200 rest ${GOLD}`);
    for (const method of ['GET', 'HEAD']) {
      expect((await client.ask(get('/orders', [JSON_TYPE]).replace('GET', method), method)).status).toBe(200);
    }
    // One that says how large it is goes on with its first byte.
    client.send(`POST /orders HTTP/1.1\r\nhost: app.test\r\n${JSON_TYPE}\r\ncontent-length: 2000\r\n\r\n{`);
    await until(() => upstreams.rest.connections.some(({ received }) => received.endsWith('\r\n\r\n{')), {
      what: 'the first byte to go on',
    });
  });

  it('has its connection kept where no route takes it, once its body is there', async () => {
    const upstream = await naming('gold');
    const routes = '[ { match: { json: { /user/tier: gold } }, to: app } ]';
    const sidecar = closes(await startTestSidecar({ endpoints: [upstream.address], routes }));
    const client = await connect(sidecar);
    expect((await client.ask(post('/', SILVER, [JSON_TYPE]))).status).toBe(404);
    expect(bodyOf(await client.ask(post('/', GOLD, [JSON_TYPE])))).toBe(`200 gold ${GOLD}`);
  });

  it('is refused where its chunks are malformed, and nothing of it goes on', async () => {
    const { client, upstreams } = await stage();
    client.send(`${chunkedHead()}5\r\n{"use\r\nx`);
    const { status, header } = await client.response();
    expect([status, header('x-outrigger-reason'), header('connection')]).toEqual([400, 'bad_request', 'close']);
    expect(await client.over()).toBe('end');
    expect([...upstreams.gold.connections, ...upstreams.rest.connections]).toEqual([]);
  });

  it.each<[string, (client: WireClient) => void]>([
    ['reset', (client) => client.reset()],
    ['end', (client) => client.end()],
  ])('is forgotten where its client leaves with a %s while it is held', async (_how, leave) => {
    const { client, sidecar, upstreams } = await stage();
    client.send(post('/orders', GOLD, [JSON_TYPE]).slice(0, -5));
    await until(() => sidecar.sum('outrigger_bytes_total', { direction: 'received' }) > 0, { what: 'bytes' });
    leave(client);
    await sidecar.settles();
    expect(
      sidecar.value('outrigger_requests_total', { listener: 'web', route: '', cluster: '', status: '0', reason: '' }),
    ).toBe(1);
    expect([...upstreams.gold.connections, ...upstreams.rest.connections]).toEqual([]);
  });

  it('is told when its body does not come, also where no rate is asked for', { timeout: 30_000 }, async () => {
    const { client } = await stage('min_body_rate: 0B, idle_timeout: 200ms');
    client.send(post('/orders', GOLD, [JSON_TYPE]).slice(0, -5));
    const { status, header } = await client.response();
    expect([status, header('x-outrigger-reason'), header('connection')]).toEqual([408, 'timeout', 'close']);
  });

  it('finishes while a drain is on', async () => {
    const { client, sidecar } = await stage();
    const wire = post('/orders', GOLD, [JSON_TYPE]);
    client.send(wire.slice(0, -5));
    await until(() => sidecar.sum('outrigger_bytes_total', { direction: 'received' }) > 0, { what: 'bytes' });
    const drained = sidecar.house.drain();
    const isRefused = (): Promise<boolean> =>
      connect(sidecar).then(
        () => false,
        () => true,
      );
    await until(isRefused, { what: 'the drain to begin' });
    client.send(wire.slice(-5));
    const response = await client.response();
    expect([bodyOf(response), response.header('connection')]).toEqual([`200 gold ${GOLD}`, 'close']);
    client.end();
    await drained;
  });
});

describe('a request whose arm is decided by its body', () => {
  it('goes to the arm that the same key in a header leads to, and is counted once where it has none', async () => {
    const upstreams = { gold: await naming('gold'), rest: await naming('rest') };
    const sidecar = closes(
      await startTestSidecar(`
log: { access: off }
listeners:
  - name: web
    listen: "127.0.0.1:0"
    protocol: http
    routes:
      - name: canary
        split: [ { to: gold, weight: 50 }, { to: rest, weight: 50 } ]
        split_key: [ { json: /user/id }, { header: x-user-id } ]
clusters:
  gold: { discover: { static: [ "${upstreams.gold.address}" ] } }
  rest: { discover: { static: [ "${upstreams.rest.address}" ] } }
`),
    );
    const client = await connect(sidecar);
    const arms = new Set<string>();
    for (let user = 0; user < 20; user += 1) {
      const [arm = ''] = (await client.ask(get('/', [`x-user-id: ${user}`]))).body.split(' ');
      const body = `{"user":{"id":${user}}}`;
      expect((await client.ask(post('/', body, [JSON_TYPE, 'x-user-id: other']))).body).toBe(`${arm} ${body}`);
      arms.add(arm);
    }
    expect(arms.size).toBe(2);
    await client.ask(post('/', '{}', [JSON_TYPE]));
    expect(sidecar.value('outrigger_keyless_splits_total', { listener: 'web', route: 'canary' })).toBe(1);
  });
});

describe('a request whose key is in its body', () => {
  async function ring(): Promise<{ sidecar: TestSidecar; upstreams: readonly WireUpstream[] }> {
    const upstreams = await Promise.all(['0', '1', '2', '3', '4'].map(naming));
    const cluster =
      'balance: { policy: ring_hash, hash_key: [ { json: /user/id }, { jwt: sub }, { header: x-user-id } ] }';
    const endpoints = upstreams.map(({ address }) => address);
    return {
      sidecar: closes(await startTestSidecar({ endpoints, cluster, listener: 'limits: { max_json_body: 1KiB }' })),
      upstreams,
    };
  }

  it('goes where the same key in a header or a token goes', async () => {
    const { sidecar } = await ring();
    const client = await connect(sidecar);
    for (const user of ['1', '2', '3', '4', '5', '6', '7', '8']) {
      const body = `{"user":{"id":${user}}}`;
      const [name] = (await client.ask(get('/', [`x-user-id: ${user}`]))).body;
      const token = `e30.${Buffer.from(`{"sub":"${user}"}`).toString('base64url')}.c2ln`;
      expect((await client.ask(get('/', [`authorization: Bearer ${token}`]))).body).toBe(`${name} `);
      expect((await client.ask(post('/', body, [JSON_TYPE, 'x-user-id: other']))).body).toBe(`${name} ${body}`);
      expect((await client.ask(chunkedHead() + chunked(Array.from(body)))).body).toBe(`${name} ${body}`);
      // Beyond what is held, the next part decides.
      const large = `{"user":{"id":"other"},"x":"${'x'.repeat(1_024)}"}`;
      expect((await client.ask(post('/', large, [JSON_TYPE, `x-user-id: ${user}`]))).body).toBe(`${name} ${large}`);
      expect((await client.ask(chunkedHead([JSON_TYPE, `x-user-id: ${user}`]) + chunked([large]))).body).toBe(
        `${name} ${large}`,
      );
    }
    expect(sidecar.value('outrigger_keyless_requests_total', { cluster: 'app' })).toBe(0);
  });

  it('is counted once where it has none', async () => {
    const { sidecar } = await ring();
    const client = await connect(sidecar);
    await client.ask(post('/', '{}', [JSON_TYPE]));
    await client.ask(post('/', 'no json', [JSON_TYPE]));
    await client.ask(get('/'));
    expect(sidecar.value('outrigger_keyless_requests_total', { cluster: 'app' })).toBe(3);
  });

  it('is kept for another attempt like any other, where it may be made twice', async () => {
    const { sidecar, upstreams } = await ring();
    const client = await connect(sidecar);
    const body = '{"user":{"id":"7"}}';
    const wire = post('/', body, [JSON_TYPE]).replace('POST', 'PUT');
    const [home] = (await client.ask(wire)).body;
    await upstreams[Number(home)]?.close();
    const { status, body: answer } = await client.ask(wire);
    expect([status, answer.slice(2)]).toEqual([200, body]);
    expect(answer[0]).not.toBe(home);
  });
});
