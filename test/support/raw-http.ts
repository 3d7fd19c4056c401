/** Bytes to a socket and all that comes back until it closes: for what a proper HTTP client would refuse to send. */
import { connect, type NetConnectOpts } from 'node:net';

/** Resolves to everything received once the other side has closed; rejects after `deadlineMs` or on an error. */
export function exchange(target: NetConnectOpts, wire: string, deadlineMs = 5_000): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect(target);
  let received = '';
  const deadline = setTimeout(
    () => reject(new Error(`still open after ${deadlineMs} ms; got ${received}`)),
    deadlineMs,
  );
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    received += text;
  });
  socket.on('error', reject);
  socket.on('close', () => resolve(received));
  socket.write(wire, 'latin1');
  return promise.finally(() => {
    clearTimeout(deadline);
    socket.destroy();
  });
}
