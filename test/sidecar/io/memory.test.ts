/** Back-pressure, measured where it would show: in the memory of a sidecar that is a process of its own. */
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { cleanups } from '../../support/cleanups.ts';
import { startProgram } from '../../support/program.ts';
import { proxyYaml } from '../../support/sidecar.ts';
import { until } from '../../support/until.ts';
import { get, WireClient } from '../../support/wire-client.ts';
import { WireUpstream } from '../../support/wire-upstream.ts';

const closes = cleanups();

const SIZE = 256 * 1_048_576;
const BLOCK = Buffer.alloc(1_048_576, 0x78);
/** The kernel's buffers are not the process's. Request bodies come in buffers of Node's own, freed when it sees fit. */
const MAX_GROWTH = { down: 32 * 1_048_576, up: 96 * 1_048_576 };

/** Reads in gulps with pauses between, and counts. */
function sip(socket: Socket, gulpBytes: number): { readonly count: () => number } {
  let count = 0;
  let gulp = 0;
  socket.removeAllListeners('data');
  socket.on('data', (bytes: Buffer) => {
    count += bytes.length;
    gulp += bytes.length;
    if (gulp < gulpBytes) return;
    gulp = 0;
    socket.pause();
    setTimeout(() => socket.resume(), 5);
  });
  return { count: () => count };
}

/** Writes blocks as fast as they are taken. */
function pour(socket: Socket): void {
  let left = SIZE;
  const more = (): void => {
    while (left > 0) {
      left -= BLOCK.length;
      if (!socket.write(BLOCK)) return;
    }
  };
  socket.on('drain', more);
  more();
}

describe('256 MB', () => {
  it.each([
    ['down', 'a slow reader'],
    ['up', 'a slow endpoint'],
  ] as const)('%s to %s need no more memory than a little', async (way, _to) => {
    const isDown = way === 'down';
    const upstream = closes(await WireUpstream.start({ onHead: () => true }));
    const yaml = proxyYaml({ endpoints: [upstream.address], top: 'admin: { listen: "127.0.0.1:0" }' });
    const program = closes(await startProgram('sidecar', yaml));
    const memory = async (): Promise<number> => Number(await program.metric('process_resident_memory_bytes'));
    // A first small transfer, so that what is compared is a process that has done its work once.
    const warm = closes(await WireClient.connect(program.address('web')));
    warm.send(get('/warm'));
    await until(() => upstream.connections.length === 1, { what: 'the first request' });
    upstream.connections[0]?.send(`HTTP/1.1 200 OK\r\ncontent-length: ${BLOCK.length}\r\nconnection: close\r\n\r\n`);
    upstream.connections[0]?.send(BLOCK);
    expect((await warm.response()).status).toBe(200);
    warm.close();
    const before = await memory();
    const client = closes(await WireClient.connect(program.address('web')));
    client.send(isDown ? get('/') : `POST / HTTP/1.1\r\nhost: app.test\r\ncontent-length: ${SIZE}\r\n\r\n`);
    await until(() => upstream.connections.length === 2, { what: 'the request' });
    const far = upstream.connections[1]?.socket;
    if (far === undefined) throw new Error('no connection');
    if (isDown) far.write(`HTTP/1.1 200 OK\r\ncontent-length: ${SIZE}\r\n\r\n`);
    const reader = sip(isDown ? client.socket : far, 2 * 1_048_576);
    pour(isDown ? far : client.socket);
    let peak = before;
    await until(
      async () => {
        peak = Math.max(peak, await memory());
        return reader.count() >= SIZE;
      },
      { what: 'all of it', withinMs: 18_000 },
    );
    expect(peak - before).toBeLessThan(MAX_GROWTH[way]);
  });
});
