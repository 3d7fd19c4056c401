/**
 * How a UDP socket gives up a port that others share without losing a query: closing it at once would drop what the
 * kernel has queued in it.
 *
 * A connected socket gets what its peer sends and nothing else, so the kernel deals further queries out to the sockets of
 * the other process (Linux since 5.4; where it is otherwise, this is no worse than closing). The peer is a port of our
 * own address that nobody sends from. What was queued before can still be read, and answered: the kernel takes an address
 * all the same. Only node:dgram does not; for an answer that goes through it the socket is free for a moment, in which
 * one more query may come.
 */
import type { RemoteInfo, Socket } from 'node:dgram';

/** RFC 863: nobody sends from there. */
const DISCARD_PORT = 9;
/** After so long without a query the queue is empty: there was at least one look into it. */
const QUIET_MS = 10;
/** For as long as this, queries that still find their way here are answered. */
const MAX_MS = 2_000;

export interface LeaveOptions {
  /** Answers a query that waited; the socket can be sent from. */
  readonly answer: (query: Buffer, from: RemoteInfo) => void;
  /** Whether an answer gets past node:dgram now, so that it can leave from a connected socket. */
  readonly sendsConnected: () => boolean;
}

/**
 * Gets no new queries from here on and answers those that wait. Resolves when none is left; closing the socket is the
 * caller's. Never rejects. The socket must look up no names but take addresses as they are (its `lookup` answers at
 * once): nothing here waits for a tick.
 */
export async function leavePort(socket: Socket, { answer, sendsConnected }: LeaveOptions): Promise<void> {
  const { address } = socket.address();
  const peer = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  const leave = (): void => socket.connect(DISCARD_PORT, peer);
  const { promise, resolve } = Promise.withResolvers<void>();
  let answered = 0;
  const answerWaiting = (query: Buffer, from: RemoteInfo): void => {
    answered += 1;
    const staysAway = sendsConnected() && isConnected(socket);
    if (!staysAway && isConnected(socket)) socket.disconnect();
    answer(query, from);
    if (!staysAway) leave();
  };
  let answeredBefore = -1;
  const begunAt = performance.now();
  const look = setInterval(() => {
    if (answered === answeredBefore || performance.now() - begunAt > MAX_MS) resolve();
    answeredBefore = answered;
  }, QUIET_MS);
  socket.once('close', resolve);
  socket.removeAllListeners('message');
  socket.on('message', answerWaiting);
  leave();
  await promise;
  clearInterval(look);
}

function isConnected(socket: Socket): boolean {
  try {
    socket.remoteAddress();
    return true;
  } catch {
    return false;
  }
}
