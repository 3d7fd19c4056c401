import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { stopAccepting } from '../../../src/io/stop-accepting.ts';
import { cleanups } from '../../support/cleanups.ts';

const closing = cleanups();

async function listening(server: Server): Promise<AddressInfo> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address() as AddressInfo;
}

/** Connected as far as the kernel goes: this thread has had no chance to accept any. */
async function waiting({ port }: AddressInfo, count: number): Promise<readonly Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'));
  for (const socket of sockets) {
    socket.on('error', () => undefined);
    closing({ close: () => socket.destroy() });
  }
  return sockets;
}

test('connections that wait are accepted before the socket closes, further ones are refused', async () => {
  let accepted = 0;
  const server = createServer((socket) => {
    accepted += 1;
    socket.end('hello');
  });
  const address = await listening(server);
  const clients = await waiting(address, 50);
  const ends = clients.map(async (socket) => {
    const [greeting] = (await once(socket, 'data')) as [Buffer];
    return greeting.toString();
  });
  await stopAccepting(server);
  expect(server.listening).toBe(false);
  expect(new Set(await Promise.all(ends))).toEqual(new Set(['hello']));
  expect(accepted).toBe(50);
  const late = connect(address.port, '127.0.0.1');
  const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
});

test('an HTTP request on its way on a new connection is answered', async () => {
  const server = createHttpServer((_request, response) => response.end('hello'));
  const address = await listening(server);
  const client = connect(address.port, '127.0.0.1');
  closing({ close: () => client.destroy() });
  await once(client, 'connect');
  await stopAccepting(server);
  client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  const [head] = (await once(client, 'data')) as [Buffer];
  expect(head.toString()).toMatch(/^HTTP\/1\.1 200 /);
});

test('a socket that is closed already, or never listened, is no fault', async () => {
  const server = createServer();
  await stopAccepting(server);
  await listening(server);
  await Promise.all([stopAccepting(server), stopAccepting(server)]);
  expect(server.listening).toBe(false);
});

test('a flood does not hold the end up', async () => {
  const server = createServer();
  const address = await listening(server);
  let flooding = true;
  // As often as there is a look for whether one has come.
  const flood = (): void => {
    server.emit('connection');
    if (flooding) setImmediate(flood);
  };
  flood();
  await stopAccepting(server, { maxMs: 20 });
  flooding = false;
  expect(server.listening).toBe(false);
  const late = connect(address.port, '127.0.0.1');
  const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
});
