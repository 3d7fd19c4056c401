import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { acceptClients, type ClientSocket } from '../../../sidecar/io/client-socket.ts';
import { Deadlines } from '../../../sidecar/io/deadlines.ts';
import { endLinger, type Lingering, lingerOn } from '../../../sidecar/io/linger.ts';
import { cleanups } from '../../support/cleanups.ts';
import { WireClient } from '../../support/wire-client.ts';

const closes = cleanups();

/** A client's connection that ends, after `bytes` of an answer. */
async function ending(bytes: number): Promise<{ client: WireClient; connection: Lingering }> {
  const server = closes(createServer());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { promise, resolve } = Promise.withResolvers<ClientSocket>();
  acceptClients(server, resolve);
  const { port } = server.address() as AddressInfo;
  const client = closes(await WireClient.connect(`127.0.0.1:${port}`, { paused: true }));
  const socket = await promise;
  closes({ close: () => socket.destroy() });
  socket.on('error', () => undefined);
  // The first write goes through the stream, and those after it past it.
  socket.writeText('An answer: ');
  await new Promise(setImmediate);
  socket.writeBytes(Buffer.alloc(bytes, 0x78), () => undefined);
  const deadlines = closes(new Deadlines());
  const connection: Lingering = { socket, deadlineAt: 0, onDeadline: () => endLinger(connection) };
  lingerOn(connection, deadlines, 60_000);
  return { client, connection };
}

describe('a connection whose client takes its time with the last answer', () => {
  it('is reset when its time is over, because a FIN would make a part of it look whole', async () => {
    const { client, connection } = await ending(20_000_000);
    connection.onDeadline(0);
    client.socket.resume();
    expect(await client.over()).toBe('reset');
  });

  it('is closed when its time is over and the system has taken everything', async () => {
    const { client, connection } = await ending(1_000);
    await once(connection.socket, 'finish');
    connection.onDeadline(0);
    client.socket.resume();
    expect(await client.over()).toBe('end');
    expect(client.received).toHaveLength(1_011);
  });
});
