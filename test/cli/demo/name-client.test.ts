import { afterEach, describe, expect, test } from 'vitest';
import { askByName, type FollowCounts, NameWatch } from '../../../cli/demo/name-client.ts';
import { StatusError } from '../../../cli/demo/users-traffic.ts';
import { startDns } from '../../../dns/start.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { silentLog } from '../../../src/io/log.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe('watching a name', () => {
  async function watch(name: string): Promise<NameWatch> {
    const text = `
dns:
  listen: [ "127.0.0.1:0" ]
  zones:
    edge.example.com:
      soa: { mname: ns1.edge.example.com., rname: hostmaster.example.com. }
      ns: [ ns1.edge.example.com. ]
      records:
        ns1: { a: [ 127.0.0.1 ] }
        www: { a: [ 192.0.2.1 ], ttl: 7s }
        six: { aaaa: [ "2001:db8::1" ] }
`;
    const parsed = parseConfig(text, { file: 'dns.yaml', env: {} });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const house = startDns({ config: parsed.config, baseDir: '.', log: silentLog });
    cleanups.push(() => house.close());
    await house.ready;
    const watched = new NameWatch({ name, server: house.addresses.get('dns')! });
    cleanups.push(() => watched.close());
    return watched;
  }

  test('knows its addresses and their TTL', async () => {
    const name = await watch('www.edge.example.com');
    const { signal } = new AbortController();
    await name.whenAnswers('192.0.2.1', { withinMs: 5_000, signal });
    expect([name.addresses, name.ttlSeconds, name.bad]).toEqual([['192.0.2.1'], 7, []]);
  });

  test('gives up on an answer that does not come', async () => {
    const name = await watch('www.edge.example.com');
    const { signal } = new AbortController();
    await expect(name.whenAnswers('192.0.2.9', { withinMs: 200, signal })).rejects.toThrow(
      'www.edge.example.com still answers 192.0.2.1, not 192.0.2.9, after 0.2 s',
    );
  });

  test.each(['six.edge.example.com', 'nobody.edge.example.com'])(
    'counts an answer without address: %s',
    async (name) => {
      const watched = await watch(name);
      await expect.poll(() => watched.bad.length, { timeout: 5_000 }).toBeGreaterThan(1);
      expect(watched.addresses).toEqual([]);
    },
  );
});

describe('a client that follows a name', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  const none = (): FollowCounts => ({ metDead: 0, longestMs: 0 });

  test('goes where it points', async () => {
    const counts = none();
    const answer = await askByName({ addresses: ['192.0.2.1'] }, counts, (address) => Promise.resolve(address));
    expect([answer, counts.metDead]).toEqual(['192.0.2.1', 0]);
  });

  test('waits for another address where nobody listens, and says how long that took', async () => {
    const counts = none();
    const watch = { addresses: ['192.0.2.1'] as readonly string[] };
    const asked: string[] = [];
    const answer = askByName(watch, counts, (address) => {
      asked.push(address);
      return address === '192.0.2.1' ? Promise.reject(refused) : Promise.resolve(address);
    });
    await expect.poll(() => counts.metDead).toBe(1);
    watch.addresses = ['192.0.2.2'];
    expect(await answer).toBe('192.0.2.2');
    expect(asked).toEqual(['192.0.2.1', '192.0.2.2']);
    expect(counts.longestMs).toBeGreaterThan(0);
  });

  test('fails where the second address fails too', async () => {
    const watch = { addresses: ['192.0.2.1'] as readonly string[] };
    const answer = askByName(watch, none(), () => {
      watch.addresses = ['192.0.2.2'];
      return Promise.reject(refused);
    });
    await expect(answer).rejects.toBe(refused);
  });

  test('takes a bad status for what it is: the balancer is there', async () => {
    const counts = none();
    const failed = askByName({ addresses: ['192.0.2.1'] }, counts, () => Promise.reject(new StatusError('status 503')));
    await expect(failed).rejects.toThrow('status 503');
    expect(counts.metDead).toBe(0);
  });
});
