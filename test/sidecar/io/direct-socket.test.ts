import { createHash } from 'node:crypto';
import { on, once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import { DirectSocket } from '../../../sidecar/io/direct-socket.ts';
import { cleanups } from '../../support/cleanups.ts';

const closes = cleanups();

/** A direct socket and its peer, connected over loopback. */
async function pair(Kind = DirectSocket): Promise<{ socket: DirectSocket; peer: Socket }> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const socket = new Kind({ allowHalfOpen: true });
  socket.on('error', () => undefined);
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  socket.connect(port, '127.0.0.1');
  const [[peer]] = await Promise.all([accepted, once(socket, 'connect')]);
  peer.on('error', () => undefined);
  closes({
    close: () => {
      socket.destroy();
      peer.destroy();
      server.close();
    },
  });
  return { socket, peer };
}

/** All that comes until the end. */
async function received(peer: Socket): Promise<Buffer> {
  const pieces: Buffer[] = [];
  peer.on('data', (bytes: Buffer) => pieces.push(bytes));
  await once(peer, 'end');
  return Buffer.concat(pieces);
}

const nothing = (): void => undefined;

/** Reads at the same time as the test writes, in a thread of its own; tells its port, and in the end how much it was. */
const READER = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer((socket) => {
    let bytes = 0;
    socket.on('data', (data) => (bytes += data.length)).on('end', () => parentPort.postMessage(bytes));
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

describe('a direct socket', () => {
  it('sends text and bytes in the order in which they were written', async () => {
    const { socket, peer } = await pair();
    const all = received(peer);
    let expected = '';
    for (let i = 0; i < 200; i += 1) {
      expected += `${i},bytes ${i};`;
      socket.writeText(`${i},`);
      socket.writeBytes(Buffer.from(`bytes ${i};`), nothing);
      if (i % 50 === 0) await new Promise(setImmediate);
    }
    socket.end();
    expect((await all).toString('latin1')).toBe(expected);
  });

  it('sends what waits before it ends, and before it is destroyed', async () => {
    for (const finish of ['end', 'destroy', 'destroySoon'] as const) {
      const { socket, peer } = await pair();
      const all = received(peer);
      socket.writeText('warm up, ');
      await new Promise(setImmediate);
      socket.writeText('the last words');
      socket[finish]();
      expect((await all).toString('latin1')).toBe('warm up, the last words');
    }
  });

  it('joins what is written in one turn of the loop into one segment', async () => {
    const { socket, peer } = await pair();
    const segments: string[] = [];
    peer.on('data', (bytes: Buffer) => segments.push(bytes.toString('latin1')));
    socket.writeText('first');
    await expect.poll(() => segments).toEqual(['first']);
    socket.writeText('a');
    socket.writeText('b');
    socket.writeText('c');
    await expect.poll(() => segments).toEqual(['first', 'abc']);
  });

  it('holds the writer back where the peer does not read, and drains without a byte lost or changed', async () => {
    const { socket, peer } = await pair();
    peer.pause();
    const sent = createHash('sha256');
    let bytes = 0;
    const lent = new Set<Buffer>();
    const write = (i: number): void => {
      const size = [10, 5_000, 70_000, 300_000][i % 4] as number;
      const piece = Buffer.alloc(size, i);
      sent.update(piece);
      bytes += size;
      if (i % 3 === 0) {
        socket.writeText(piece.toString('latin1'));
        return;
      }
      lent.add(piece);
      const taken = (): void => {
        lent.delete(piece);
        // Somebody else may write into it from now on.
        piece.fill(0xff);
      };
      if (socket.writeBytes(piece, taken) === 'now') taken();
    };
    for (let i = 0; i < 100; i += 1) write(i);
    await new Promise(setImmediate);
    expect(socket.needsDrain).toBe(true);
    expect(lent.size).toBeGreaterThan(0);
    const got = createHash('sha256');
    let gotBytes = 0;
    peer.on('data', (data: Buffer) => {
      got.update(data);
      gotBytes += data.length;
    });
    const drained = once(socket, 'drain');
    peer.resume();
    await drained;
    await expect.poll(() => [gotBytes, lent.size]).toEqual([bytes, 0]);
    expect(got.digest('hex')).toBe(sent.digest('hex'));
    expect(socket.needsDrain).toBe(false);
  });

  it('never takes a write for done that the system has only queued', async () => {
    // The system may have taken all of a queued write by the time that it is asked; Node ends the process where a
    // request is used again before it has been told so.
    const reader = new Worker(READER, { eval: true });
    closes({ close: () => reader.terminate() });
    const counts = on(reader, 'message') as AsyncIterableIterator<[number]>;
    const next = async (): Promise<number> => ((await counts.next()).value as [number])[0];
    const socket = new DirectSocket({});
    closes({ close: () => socket.destroy() });
    socket.connect(await next(), '127.0.0.1');
    await once(socket, 'connect');
    const piece = Buffer.alloc(65_536, 7);
    let left = 10_000;
    const go = (): void => {
      while (left > 0) {
        left -= 1;
        if (left % 7 === 0) socket.writeText('x'.repeat(65_536));
        else socket.writeBytes(piece, nothing);
        if (socket.needsDrain) return;
      }
      socket.end();
    };
    socket.on('drain', go);
    socket.writeText('learn');
    await new Promise(setImmediate);
    go();
    expect(await next()).toBe(10_000 * 65_536 + 5);
  });

  it('learns from its first text, however many bytes were written before that', async () => {
    // A module of its own: this one has learned from the tests before.
    vi.resetModules();
    const { DirectSocket: Fresh } = await import('../../../sidecar/io/direct-socket.ts');
    expect(Fresh).not.toBe(DirectSocket);
    const { socket, peer } = await pair(Fresh);
    const all = received(peer);
    for (let i = 0; i < 20_000; i += 1) {
      socket.writeBytes(Buffer.from('.'), nothing);
      if (i % 100 === 0) await new Promise(setImmediate);
    }
    socket.writeText('first');
    socket.writeText('second');
    socket.end();
    expect((await all).toString('latin1')).toBe(`${'.'.repeat(20_000)}firstsecond`);
  });

  it('can be reset with bytes that the system has not taken, although it has ended', async () => {
    const { socket, peer } = await pair();
    const codes: unknown[] = [];
    peer.on('error', ({ code }: NodeJS.ErrnoException) => codes.push(code));
    peer.pause();
    socket.writeText('learned');
    await new Promise(setImmediate);
    socket.writeBytes(Buffer.alloc(20_000_000), nothing);
    socket.end();
    socket.resetAndDestroy();
    await once(socket, 'close');
    peer.resume();
    await expect.poll(() => codes).toEqual(['ECONNRESET']);
  });

  it('closes without an error where it is reset while its FIN goes out', async () => {
    const { socket, peer } = await pair();
    const errors: unknown[] = [];
    socket.on('error', (error) => errors.push(error));
    peer.resume();
    socket.end();
    socket.resetAndDestroy();
    await once(socket, 'close');
    expect(errors).toEqual([]);
  });

  it('is destroyed with the error of a write that the system refuses', async () => {
    const { socket, peer } = await pair();
    socket.writeText('learned');
    await once(peer, 'data');
    peer.resetAndDestroy();
    const errors: NodeJS.ErrnoException[] = [];
    socket.on('error', (error) => errors.push(error));
    // Not read, so that only a write can tell.
    socket.writeText('x');
    await expect.poll(() => socket.closed).toBe(true);
    expect(errors.map(({ code }) => code)).toEqual([expect.stringMatching(/^(EPIPE|ECONNRESET)$/)]);
    expect(socket.writeText('more')).toBe(true);
    expect(socket.destroyed).toBe(true);
  });

  it('gives bytes back when it is destroyed while they wait', async () => {
    const { socket, peer } = await pair();
    peer.pause();
    socket.writeText('learned');
    await new Promise(setImmediate);
    let back = 0;
    let later = 0;
    for (let i = 0; i < 100; i += 1) {
      if (socket.writeBytes(Buffer.alloc(100_000), () => (back += 1)) === 'later') later += 1;
    }
    expect(later).toBeGreaterThan(1);
    socket.destroy();
    await once(socket, 'close');
    await expect.poll(() => back).toBe(later);
  });
});
