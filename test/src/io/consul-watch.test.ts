import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DiscoveryUpdate } from '../../../src/discovery.ts';
import type { ConsulWatch } from '../../../src/io/blocking-watch.ts';
import { realClock } from '../../../src/io/clock.ts';
import { type ConsulClient, createConsulClient } from '../../../src/io/consul-client.ts';
import { type ConsulWatchOptions, watchConsul } from '../../../src/io/consul-watch.ts';
import { FakeConsul, healthEntry } from '../../support/fake-consul.ts';
import { until } from '../../support/until.ts';

const QUICKLY = {
  pace: { questions: { intervalMs: 1, burst: 4 }, idle: { intervalMs: 5, burst: 4 } },
  backoff: { baseMs: 4, maxMs: 20 },
};

let consul: FakeConsul;
let client: ConsulClient;
let updates: DiscoveryUpdate[];
const watches: ConsulWatch[] = [];

beforeEach(async () => {
  consul = await FakeConsul.start();
  client = createConsulClient({ address: consul.address }, { env: {} });
  updates = [];
});

afterEach(async () => {
  for (const watch of watches.splice(0)) watch.close();
  await client.close();
  await consul.stop();
});

function watch(options: Partial<ConsulWatchOptions> = {}): ConsulWatch {
  const opened = watchConsul({
    client,
    query: { service: 'web', tags: [], datacenter: undefined },
    portOptional: false,
    onUpdate: (update) => updates.push(update),
    clock: realClock,
    random: () => 0.5,
    ...QUICKLY,
    ...options,
  });
  watches.push(opened);
  return opened;
}

/** The last update in short: its ids, or its error. */
function last(): string {
  const update = updates.at(-1);
  if (update === undefined) return 'nothing';
  if (update.kind === 'failed') return `failed: ${update.error.message}`;
  return update.kind === 'absent' ? 'absent' : update.endpoints.map((it) => it.id.replace('node-1/', '')).join(' ');
}

const sees = (expected: string): Promise<number> =>
  until(() => last() === expected, { what: `"${expected}", last "${last()}"`, withinMs: 3_000 });

describe('a watch', () => {
  it('asks once for the present and then waits for changes', async () => {
    consul.set('web', [healthEntry('a')]);
    const { index } = consul;
    const opened = watch();
    await sees('a');
    await until(() => consul.blocked === 1, { what: 'a blocking query' });
    expect(consul.requests.map((it) => it.index)).toEqual(['0', String(index)]);
    expect(opened.index).toBe(String(index));
    consul.set('web', [healthEntry('a'), healthEntry('b')]);
    await sees('a b');
  });

  it('reports an equal answer as well, because it shows that discovery works', async () => {
    consul.set('web', [healthEntry('a')]);
    watch();
    await until(() => consul.blocked === 1, { what: 'a blocking query' });
    consul.wake();
    await until(() => updates.length === 2, { what: 'a second answer' });
    expect(updates[0]).toEqual(updates[1]);
  });

  it('says nothing after it was closed', async () => {
    consul.set('web', [healthEntry('a')]);
    watch();
    await until(() => consul.blocked === 1, { what: 'a blocking query' });
    watches[0]!.close();
    await until(() => consul.blocked === 0, { what: 'the query to be cut' });
    consul.set('web', []);
    expect(updates).toHaveLength(1);
  });

  it('begins anew when the servers count anew', async () => {
    consul.index = 9_000_000_000_000_000_123n;
    consul.set('web', [healthEntry('a')]);
    watch();
    await until(() => consul.blocked === 1, { what: 'a blocking query' });
    expect(consul.requests.at(-1)?.index).toBe('9000000000000000124');
    consul.index = 3n;
    consul.set('web', [healthEntry('b')]);
    await sees('b');
    await until(() => consul.blocked === 1, { what: 'a blocking query' });
    expect(consul.requests.map((it) => it.index).slice(-2)).toEqual(['0', '4']);
  });

  it('asks from the start after a failure, so that a server with a lower index cannot leave it waiting', async () => {
    consul.index = 500n;
    consul.set('web', [healthEntry('a')]);
    watch();
    await sees('a');
    consul.misbehave((response) => response.destroy());
    await until(() => last().startsWith('failed'), { what: 'a failure' });
    consul.behave();
    consul.index = 2n;
    consul.set('web', [healthEntry('b')]);
    await sees('b');
    expect(consul.requests.filter((it) => it.index === '501').length).toBe(1);
  });
});

const entries = (
  response: ServerResponse,
  headers: Record<string, string>,
  body: unknown = [healthEntry('z')],
): void => {
  response
    .writeHead(200, { 'x-consul-index': '77', ...headers })
    .end(typeof body === 'string' ? body : JSON.stringify(body));
};

describe('a Consul that fails is not a Consul without endpoints', () => {
  it.each<[string, (response: ServerResponse) => void, RegExp]>([
    ['has no leader', (it) => it.writeHead(500).end('No cluster leader'), /500: No cluster leader/],
    ['refuses the token', (it) => it.writeHead(403).end('Permission denied'), /403: Permission denied/],
    ['has too many connections', (it) => it.writeHead(429).end('too many'), /429: too many/],
    ['redirects', (it) => it.writeHead(301, { location: 'http://127.0.0.1:1/' }).end(), /301/],
    ['is a proxy with an error page', (it) => it.writeHead(502).end('<html>'), /502/],
    ['answers HTML with 200', (it) => entries(it, {}, '<html></html>'), /malformed JSON/],
    ['answers null', (it) => entries(it, {}, 'null'), /found null/],
    ['answers a mapping', (it) => entries(it, {}, '{}'), /found an object/],
    ['answers only nonsense', (it) => entries(it, {}, '[7]'), /none of 1 entries is usable/],
    [
      'cuts the body',
      (it) => {
        it.writeHead(200, { 'content-length': '999' });
        it.write('[');
        setImmediate(() => it.destroy());
      },
      /cannot reach consul/,
    ],
    [
      'cuts a chunked body',
      (it) => {
        it.write('[{"Node"');
        setImmediate(() => it.destroy());
      },
      /cannot reach consul/,
    ],
    ['closes without a word', (it) => it.destroy(), /cannot reach consul/],
    [
      'compresses',
      (it) => {
        it.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('[]'));
      },
      /encoding gzip/,
    ],
    ['is asked in an election', (it) => entries(it, { 'x-consul-knownleader': 'false' }, []), /no leader/],
    ['is far behind its leader', (it) => entries(it, { 'x-consul-lastcontact': '60000' }, []), /60s ago/],
    [
      'hides everything from the token',
      (it) => entries(it, { 'x-consul-results-filtered-by-acls': 'true' }, []),
      /ACL token/,
    ],
  ])('when it %s', async (_what, misbehave, message) => {
    consul.set('web', [healthEntry('a')]);
    watch();
    await until(() => consul.blocked === 1, { what: 'a blocking query' });
    consul.misbehave(misbehave);
    await until(() => updates.length >= 3, { what: 'failures' });
    expect(updates.slice(1).map((it) => it.kind)).toEqual(updates.slice(1).map(() => 'failed'));
    expect(last()).toMatch(message);
    consul.behave();
    consul.set('web', [healthEntry('a'), healthEntry('b')]);
    await sees('a b');
  });

  it('when it is gone for a while', async () => {
    consul.set('web', [healthEntry('a')]);
    watch();
    await sees('a');
    await consul.stop();
    await until(() => last() === 'failed: cannot reach consul: connection refused', { what: 'a refused connection' });
    expect(updates.filter((it) => it.kind === 'endpoints')).toHaveLength(1);
    consul = await FakeConsul.start();
  });
});

describe('an index that makes no sense never makes it spin', () => {
  it.each(['0', '-5', 'abc', '18446744073709551616', ''])('as %j', async (header) => {
    consul.misbehave((response) => {
      if (header !== '') response.setHeader('x-consul-index', header);
      response.end(JSON.stringify([healthEntry('a')]));
    });
    watch({ pace: { questions: { intervalMs: 1, burst: 4 }, idle: { intervalMs: 60_000, burst: 3 } } });
    await until(() => consul.requests.length === 5, { what: 'five questions' });
    expect(consul.requests.map((it) => it.index)).toEqual(['0', '1', '1', '1', '1']);
    // Three questions after answers without news were free; the next one comes after a minute.
    await expect(until(() => consul.requests.length > 5, { what: 'more', withinMs: 100 })).rejects.toThrow('in vain');
  });
});

describe('pace', () => {
  it('gathers a flapping health into one change per interval', async () => {
    let flaps = 0;
    consul.misbehave((response) => {
      flaps += 1;
      response.setHeader('x-consul-index', String(100 + flaps));
      response.end(JSON.stringify([healthEntry('a', { port: 1_000 + flaps })]));
    });
    const begin = performance.now();
    watch({ pace: { questions: { intervalMs: 100, burst: 4 }, idle: { intervalMs: 1_000, burst: 10 } } });
    await until(() => updates.length === 8, { what: 'eight updates' });
    // Four at once, then one for each tenth of a second (and up to a tenth more).
    expect(performance.now() - begin).toBeGreaterThan(390);
    expect(flaps).toBe(8);
  });

  it('backs off from a Consul that goes on failing, and starts over after a success', async () => {
    consul.misbehave((response) => response.writeHead(500).end());
    watch({ backoff: { baseMs: 10, maxMs: 40 }, random: () => 0.999 });
    await until(() => consul.requests.length === 6, { what: 'six questions' });
    const at = consul.requests.map((it) => it.atMs);
    const gaps = at.slice(1).map((it, i) => it - at[i]!);
    for (const [i, atLeast] of [20, 40, 40, 40, 40].entries()) expect(gaps[i]).toBeGreaterThanOrEqual(atLeast - 2);
    consul.set('web', [healthEntry('a')]);
    consul.behave();
    await sees('a');
    await until(() => consul.blocked === 1, { what: 'a blocking query' });
    const before = consul.requests.length;
    consul.misbehave((response) => response.writeHead(500).end());
    await until(() => consul.requests.length === before + 1, { what: 'one more question' });
    expect(consul.requests[before]!.atMs - consul.requests[before - 1]!.atMs).toBeLessThan(1_000);
  });
});

it('asks with tags and datacenter', async () => {
  consul.set('web', [healthEntry('a')]);
  watch({ query: { service: 'web', tags: ['v2', 'x y'], datacenter: 'dc2' } });
  await sees('a');
  expect(consul.requests[0]?.url).toBe('/v1/health/service/web?index=0&wait=60s&stale&tag=v2&tag=x%20y&dc=dc2');
});
