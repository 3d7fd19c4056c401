import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type DnsListener, listenAll } from '../../../dns/io/listeners.ts';
import { TCP_LIMITS, type TcpLimits } from '../../../dns/io/tcp.ts';
import { answerDatagram } from '../../../dns/io/udp.ts';
import { encodeRecord } from '../../../dns/io/wire.ts';
import { Responder } from '../../../dns/responder.ts';
import { Tally } from '../../../dns/tally.ts';
import { buildZones } from '../../../dns/zone-config.ts';
import { formatAddress } from '../../../src/address.ts';
import { silentLog } from '../../../src/io/log.ts';
import { DnsTcpClient, exchangeUdp, framed } from '../../support/dns-client.ts';
import { query, readAnswer } from '../../support/dns-message.ts';
import { lbTest } from '../../support/dns-zone.ts';
import { until } from '../../support/until.ts';

const BIG = Array.from({ length: 1_500 }, (_, i) => `10.0.${i >> 8}.${i & 255}`).join(', ');
const CONFIG = lbTest(`big: { a: [ ${BIG} ] }`);

let tally: Tally;
let responder: Responder;
const open: { close(): unknown }[] = [];

beforeEach(() => {
  tally = new Tally(['lb.test']);
  responder = new Responder(buildZones(CONFIG.dns!.zones, 1, encodeRecord).tree, tally, encodeRecord);
});

afterEach(async () => {
  await Promise.all(open.splice(0).map(async (it) => it.close()));
});

async function listening(
  host: string,
  tcpLimits?: Partial<TcpLimits>,
): Promise<{ listener: DnsListener; address: string }> {
  const options = { responder, tally, log: silentLog, tcpLimits: { ...TCP_LIMITS, ...tcpLimits } };
  const [listener] = await listenAll([{ host, port: 0 }], options);
  open.push(listener!);
  return { listener: listener!, address: formatAddress(listener!.address) };
}

async function client(address: string): Promise<DnsTcpClient> {
  const connection = await DnsTcpClient.connect(address);
  open.push(connection);
  return connection;
}

function drops(cause: string): number {
  let value = -1;
  const sample = (labels: Readonly<Record<string, string>>, count: number): void => {
    if (labels['cause'] === cause) value = count;
  };
  tally.collect({ family: () => {}, sample });
  return value;
}

function queries(qtype: string): number {
  let count = 0;
  const sample = (labels: Readonly<Record<string, string>>, value: number): void => {
    if (labels['qtype'] === qtype) count += value;
  };
  tally.collect({ family: () => {}, sample });
  return count;
}

/** Ports that the kernel deals out between two sockets. */
async function connectedSockets(count: number, port: number, host: string): Promise<readonly Socket[]> {
  const sockets = Array.from({ length: count }, () => createSocket(host === '::1' ? 'udp6' : 'udp4'));
  for (const socket of sockets) {
    open.push(socket);
    socket.connect(port, host);
    await once(socket, 'connect');
  }
  return sockets;
}

const NS1 = ['ns1.lb.test. 60 IN A 192.0.2.53'];

describe('a listener', () => {
  it.each(['127.0.0.1', '::1', 'localhost'])('on %s answers over UDP and TCP on one port', async (host) => {
    const { address } = await listening(host);
    expect(readAnswer((await exchangeUdp(address, query('ns1.lb.test')))!).answer).toEqual(NS1);
    const connection = await client(address);
    connection.send(query('ns1.lb.test'));
    expect(readAnswer((await connection.receive(1))[0]!).answer).toEqual(NS1);
  });

  it.each(['127.0.0.1', '0.0.0.0', '::1', '::'])(
    'on %s leaves its port to another that has it too, and answers what the kernel has queued',
    async (host) => {
      const { listener } = await listening(host);
      const options = { responder, tally, log: silentLog, besideOthers: true };
      const [other] = await listenAll([listener.address], options);
      open.push(other!);
      const clients = await connectedSockets(40, listener.address.port, host.includes(':') ? '::1' : '127.0.0.1');
      const answered = clients.map((socket) => once(socket, 'message'));
      // All of it in one turn of the loop: nothing is read before the drain begins.
      for (const socket of clients) socket.send(query('ns1.lb.test'));
      await listener.drain();
      for (const socket of clients) socket.send(query('ns1.lb.test'));
      await Promise.all(answered);
      await until(() => queries('A') === 80, { what: 'the answers to all' });
    },
  );

  it('that cannot be bound says which, and leaves nothing bound', async () => {
    const { listener } = await listening('127.0.0.1');
    const addresses = [{ host: '127.0.0.2', port: 0 }, listener.address];
    const failed = listenAll(addresses, { responder, tally, log: silentLog });
    await expect(failed).rejects.toThrow(`cannot listen on ${formatAddress(listener.address)}`);
    await expect(listenAll([{ path: '/run/dns.sock' }], { responder, tally, log: silentLog })).rejects.toThrow(
      'cannot listen on unix:',
    );
  });

  it('closes once and for all, however often it is told to', async () => {
    const { listener, address } = await listening('127.0.0.1');
    await Promise.all([listener.close(), listener.close()]);
    await listener.close();
    expect(await exchangeUdp(address, query('ns1.lb.test'), 50)).toBeUndefined();
  });
});

describe('over UDP', () => {
  it('nothing is sent to port 0', () => {
    const sent: unknown[] = [];
    const socket = { send: (...values: unknown[]) => sent.push(values) } as never;
    answerDatagram(socket, query('ns1.lb.test'), { address: '192.0.2.1', port: 0 }, { responder, tally });
    expect(sent).toEqual([]);
    expect(drops('source_port_zero')).toBe(1);
    answerDatagram(socket, query('ns1.lb.test'), { address: '192.0.2.1', port: 1 }, { responder, tally });
    expect(sent).toHaveLength(1);
  });

  it('an answer to somebody else and less than a header get none', async () => {
    const { address } = await listening('127.0.0.1');
    await exchangeUdp(address, query('ns1.lb.test', 'A', { flags: 0x8000 }), 50);
    await exchangeUdp(address, Buffer.alloc(11), 50);
    await exchangeUdp(address, Buffer.alloc(0), 50);
    expect([drops('response'), drops('short')]).toEqual([1, 2]);
    expect(await exchangeUdp(address, query('ns1.lb.test'))).toBeDefined();
  });
});

describe('over TCP', () => {
  it('a query in segments of one octet is answered', async () => {
    const connection = await client((await listening('127.0.0.1')).address);
    for (const octet of framed(query('ns1.lb.test'))) {
      connection.socket.write(Buffer.of(octet));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(readAnswer((await connection.receive(1))[0]!).answer).toEqual(NS1);
  });

  it('a hundred pipelined queries are answered in their order, also when the client ends behind them', async () => {
    const connection = await client((await listening('127.0.0.1')).address);
    const ids = Array.from({ length: 100 }, (_, id) => id);
    connection.send(...ids.map((id) => query(id % 2 ? 'ns1.lb.test' : `n${id}.lb.test`, 'A', { id })));
    connection.socket.end();
    expect((await connection.receive(100)).map((message) => readAnswer(message).id)).toEqual(ids);
    await connection.ended();
  });

  it('large answers wait for a client that does not read, and all of them come when it does', async () => {
    const { address } = await listening('127.0.0.1');
    const connection = await client(address);
    connection.socket.pause();
    // 500 answers of 24 KB: far more than the buffers of both kernels take.
    connection.send(...Array.from({ length: 500 }, (_, id) => query('big.lb.test', 'A', { id })));
    connection.socket.end();
    await until(() => queries('A') > 0, { what: 'the first answers' });
    await exchangeUdp(address, query('ns1.lb.test', 'SOA'));
    expect(queries('A')).toBeLessThan(500);
    connection.socket.resume();
    const answers = await connection.receive(500);
    expect(answers.map((message) => message.readUInt16BE(0))).toEqual(Array.from({ length: 500 }, (_, id) => id));
    expect(readAnswer(answers[499]!).answer).toHaveLength(1_500);
  });

  it.each([
    ['an empty message', Buffer.of(0, 0)],
    ['an answer', framed(query('ns1.lb.test', 'A', { flags: 0x8000 }))],
    ['a message over 4096 octets', Buffer.of(0x10, 0x01)],
  ])('%s ends the connection, after the answers that are due', async (_what, octets) => {
    const connection = await client((await listening('127.0.0.1')).address);
    connection.socket.write(Buffer.concat([framed(query('ns1.lb.test')), octets, framed(query('ns1.lb.test'))]));
    expect(await connection.receive(1)).toHaveLength(1);
    await connection.ended();
    await expect(connection.receive(1)).rejects.toThrow('ended');
  });

  it('one connection over the limit closes the one that has been idle for longest', async () => {
    const { address } = await listening('127.0.0.1', { maxConnections: 3, idleMs: 60_000 });
    const [first, second, third] = [await client(address), await client(address), await client(address)];
    await until(() => answered(first), { what: 'an answer on the first connection' });
    const fourth = await client(address);
    await second.ended();
    expect(drops('connection_limit')).toBe(1);
    for (const connection of [first, third, fourth]) expect(await answered(connection)).toBe(true);
  });

  it('one connection over the limit of a client closes its own, and nobody else’s', async () => {
    const { address } = await listening('127.0.0.1', { maxPerClient: 2 });
    const other = await DnsTcpClient.connect(address, '127.0.0.2');
    open.push(other);
    const [first, second] = [await client(address), await client(address)];
    const third = await client(address);
    await first.ended();
    expect(drops('connection_limit')).toBe(1);
    for (const connection of [other, second, third]) expect(await answered(connection)).toBe(true);
    second.close();
    third.close();
    await until(async () => answered(await client(address)), { what: 'a place that is free again' });
    expect(await answered(other)).toBe(true);
  });

  it('a connection ends behind the answer to the last query that it may bring', async () => {
    const { address } = await listening('127.0.0.1', { maxQueries: 40 });
    const connection = await client(address);
    connection.send(...Array.from({ length: 50 }, () => query('ns1.lb.test')));
    expect(await connection.receive(40)).toHaveLength(40);
    await connection.ended();
    await expect(connection.receive(1)).rejects.toThrow('ended');
  });

  it('200 idle connections do not keep the next one out', async () => {
    const { address } = await listening('127.0.0.1', { maxConnections: 100, idleMs: 60_000 });
    for (let i = 0; i < 200; i++) await client(address);
    expect(await answered(await client(address))).toBe(true);
  });

  it('an idle connection is closed, and single octets do not keep it', async () => {
    const { address } = await listening('127.0.0.1', { maxConnections: 10, idleMs: 200 });
    const [idle, dribbles] = [await client(address), await client(address)];
    const timer = setInterval(() => dribbles.socket.write(Buffer.of(0)), 30);
    onTestFinished(() => clearInterval(timer));
    await Promise.all([idle.ended(), dribbles.ended()]);
  });

  it('a drain ends connections once they are idle and takes no new ones', async () => {
    const { listener, address } = await listening('127.0.0.1');
    const connection = await client(address);
    expect(await answered(connection)).toBe(true);
    const drained = listener.drain();
    expect(await answered(connection)).toBe(true);
    await connection.ended();
    connection.socket.end();
    await drained;
    await expect(DnsTcpClient.connect(address)).rejects.toThrow();
    expect(await exchangeUdp(address, query('ns1.lb.test'), 200)).toBeUndefined();
  });

  it('a drain cuts a client that does not end its side', async () => {
    const { listener, address } = await listening('127.0.0.1');
    const silent = await client(address);
    await listener.drain();
    await silent.ended();
  });

  async function answered(connection: DnsTcpClient): Promise<boolean> {
    connection.send(query('ns1.lb.test'));
    return (await connection.receive(1)).length === 1;
  }
});
