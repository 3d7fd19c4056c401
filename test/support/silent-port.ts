/** An address that neither accepts nor refuses: a process that stands still, behind a queue that is full. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const STANDING_STILL = `
const server = require('node:net').createServer();
server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
  require('node:fs').writeSync(1, String(server.address().port));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;

const MAX_QUEUE = 64;
const PATIENCE_MS = 150;

export async function silentPort(): Promise<{ readonly address: string; close(): void }> {
  const child = spawn(process.execPath, ['-e', STANDING_STILL], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  const queued: Socket[] = [];
  const close = (): void => {
    for (const socket of queued) socket.destroy();
    child.kill('SIGKILL');
  };
  while (queued.length < MAX_QUEUE) {
    const socket = connect({ host: '127.0.0.1', port: Number(port) });
    socket.on('error', () => undefined);
    queued.push(socket);
    if (!(await Promise.race([once(socket, 'connect').then(() => true), sleep(PATIENCE_MS, false)]))) {
      return { address: `127.0.0.1:${Number(port)}`, close };
    }
  }
  close();
  throw new Error('the queue never was full');
}
