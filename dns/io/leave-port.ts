/**
 * How a UDP socket gives up a port that others share without losing a query: closing it at once would drop what the
 * kernel has queued in it.
 *
 * A connected socket gets what its peer sends and nothing else, so the kernel deals further queries out to the sockets of
 * the other process (Linux since 5.4; where it is otherwise, this is no worse than closing). The peer is a port of our
 * own address that nobody sends from. What was queued before can still be read, but neither libuv nor
 * node:dgram sends from a connected socket to another than its peer: for each answer it is free for a moment, in which
 * one more query may come.
 */
import type { RemoteInfo, Socket } from 'node:dgram';
import { setImmediate, setTimeout } from 'node:timers/promises';

/** RFC 863: nobody sends from there. */
const DISCARD_PORT = 9;
const LOOPBACK: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);
/** Without a query for so long, the queue is empty. */
const QUIET_MS = 10;
/** For as long as this, queries that still find their way here are answered. */
const MAX_MS = 2_000;

/**
 * Gets no new queries from here on and gives those that wait to `answer`, for whose call the socket may send. Resolves
 * when none is left; closing the socket is the caller's. Never rejects. The socket must look up no names but take
 * addresses as they are (its `lookup` answers at once): nothing here waits for a tick.
 */
export async function leavePort(socket: Socket, answer: (query: Buffer, from: RemoteInfo) => void): Promise<void> {
  const { address } = socket.address();
  const leave = (): void => socket.connect(DISCARD_PORT, LOOPBACK.get(address) ?? address);
  let answered = 0;
  const answerWaiting = (query: Buffer, from: RemoteInfo): void => {
    answered += 1;
    if (isConnected(socket)) socket.disconnect();
    answer(query, from);
    leave();
  };
  let isClosed = false;
  socket.once('close', () => {
    isClosed = true;
  });
  socket.removeAllListeners('message');
  socket.on('message', answerWaiting);
  leave();
  const begunAt = performance.now();
  for (let before = -1; !isClosed && answered !== before && performance.now() - begunAt < MAX_MS; ) {
    before = answered;
    await setTimeout(QUIET_MS);
    // A timer may come late and without a look into the sockets before it; an immediate comes behind one.
    await setImmediate();
    await setImmediate();
  }
}

function isConnected(socket: Socket): boolean {
  try {
    socket.remoteAddress();
    return true;
  } catch {
    return false;
  }
}
