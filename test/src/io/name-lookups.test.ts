import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startDns } from '../../../dns/start.ts';
import type { HostPort } from '../../../src/address.ts';
import { silentLog } from '../../../src/io/log.ts';
import { type Lookup, openNameLookups } from '../../../src/io/name-lookups.ts';
import type { RunningHouse } from '../../../src/io/running-house.ts';
import { freePorts } from '../../support/consul.ts';
import { hostAndPort } from '../../support/dns-client.ts';
import { lbTest } from '../../support/dns-zone.ts';
import { until } from '../../support/until.ts';

let house: RunningHouse;
let server: HostPort;
beforeAll(async () => {
  const many = Array.from({ length: 400 }, (_, i) => `10.0.${i >> 8}.${i & 255}`).join(', ');
  const config = lbTest(`
www: { a: [ 192.0.2.1, 192.0.2.2 ], ttl: 100s }
v6: { aaaa: [ "2001:db8::1" ], ttl: 5s }
alias: { cname: www.lb.test., ttl: 7s }
_http._tcp: { srv: [ "1 5 8080 www.lb.test.", "2 0 8081 v6.lb.test." ] }
_none._tcp: { srv: [ "0 0 0 ." ] }
many: { a: [ ${many} ] }`);
  house = startDns({ config, baseDir: '.', log: silentLog });
  await house.ready;
  server = hostAndPort(house.addresses.get('dns')!);
});
afterAll(() => house.close());

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function addresses(host: string, family: 4 | 6, at = server): Promise<Lookup<{ address: string }>> {
  const lookups = await openNameLookups([at]);
  const found = await lookups.addresses(host, family);
  lookups.close();
  return found.kind === 'found'
    ? { ...found, records: found.records.toSorted((a, b) => (a.address < b.address ? -1 : 1)) }
    : found;
}

describe('addresses', () => {
  it('come with their TTL', async () => {
    const records = ['192.0.2.1', '192.0.2.2'].map((address) => ({ address, ttlSeconds: 100 }));
    expect(await addresses('www.lb.test', 4)).toEqual({ kind: 'found', records });
    expect(await addresses('v6.lb.test', 6)).toEqual({
      kind: 'found',
      records: [{ address: '2001:db8::1', ttlSeconds: 5 }],
    });
  });

  it('of an alias have the TTL of the alias where that is shorter', async () => {
    const records = ['192.0.2.1', '192.0.2.2'].map((address) => ({ address, ttlSeconds: 7 }));
    expect(await addresses('alias.lb.test', 4)).toEqual({ kind: 'found', records });
  });

  it('that need TCP come all', async () => {
    expect(await addresses('many.lb.test', 4)).toMatchObject({ kind: 'found', records: { length: 400 } });
  });

  it.each([
    ['a name that does not exist', 'gone.lb.test', 4],
    ['a name without records of this type', 'www.lb.test', 6],
  ] as const)('are none at %s', async (_what, name, family) => {
    expect(await addresses(name, family)).toEqual({ kind: 'nothing' });
  });

  it('fail where the server refuses', async () => {
    const reason = 'the name server refused (REFUSED)';
    expect(await addresses('www.example.com', 4)).toEqual({ kind: 'failed', reason });
  });

  it('fail where there is no server', async () => {
    const [port = 0] = await freePorts(1);
    const reason = 'no name server there';
    expect(await addresses('www.lb.test', 4, { host: '127.0.0.1', port })).toEqual({ kind: 'failed', reason });
  });

  it('fail where the server fails', async () => {
    const socket = createSocket('udp4');
    cleanups.push(() => new Promise<void>((resolve) => socket.close(() => resolve())));
    socket.on('message', (query, { port, address }) => {
      const answer = Buffer.from(query);
      answer.writeUInt16BE(0x8002, 2);
      socket.send(answer, port, address);
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const reason = 'the name server failed (SERVFAIL)';
    expect(await addresses('www.lb.test', 4, { host: '127.0.0.1', port: socket.address().port })).toEqual({
      kind: 'failed',
      reason,
    });
  });

  it('fail when they are called off', async () => {
    const socket = createSocket('udp4');
    cleanups.push(() => new Promise<void>((resolve) => socket.close(() => resolve())));
    let heard = 0;
    socket.on('message', () => {
      heard += 1;
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const lookups = await openNameLookups([{ host: '127.0.0.1', port: socket.address().port }]);
    const asked = lookups.addresses('www.lb.test', 4);
    await until(() => heard > 0, { what: 'the query' });
    lookups.close();
    expect(await asked).toEqual({ kind: 'failed', reason: 'called off' });
  });
});

it('a name server that is none at all fails every look-up', async () => {
  const lookups = await openNameLookups([{ host: 'ns.example.com', port: 53 }]);
  expect([await lookups.addresses('www.lb.test', 4), await lookups.services('www.lb.test')]).toEqual([
    { kind: 'failed', reason: expect.stringContaining('ns.example.com:53') },
    { kind: 'failed', reason: expect.stringContaining('ns.example.com:53') },
  ]);
  lookups.close();
});

describe('services', () => {
  it('come with port, weight and priority', async () => {
    const lookups = await openNameLookups([server]);
    const found = await lookups.services('_http._tcp.lb.test');
    expect(found).toMatchObject({ kind: 'found', records: { length: 2 } });
    expect(found.kind === 'found' ? found.records.toSorted((a, b) => a.priority - b.priority) : []).toEqual([
      { priority: 1, weight: 5, port: 8080, target: 'www.lb.test', ttlSeconds: 5 },
      { priority: 2, weight: 0, port: 8081, target: 'v6.lb.test', ttlSeconds: 5 },
    ]);
    expect(await lookups.services('_none._tcp.lb.test')).toMatchObject({ records: [{ target: '', port: 0 }] });
    expect(await lookups.services('www.lb.test')).toEqual({ kind: 'nothing' });
    lookups.close();
  });
});
