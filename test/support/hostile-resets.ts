/** Connections that are reset at every moment of a request's life, so many a second. */
import type { Socket } from 'node:net';
import { type Attack, attackFrom } from './hostile-connection.ts';

const ADDRESS = 3;
const TICK_MS = 10;

const HOST = 'Host: example.org\r\n';
const WHOLE = `GET /reset HTTP/1.1\r\n${HOST}\r\n`;

const reset = (socket: Socket): unknown => socket.resetAndDestroy();

/** What is done between the connection and its reset. */
const MOMENTS: readonly ((socket: Socket) => unknown)[] = [
  (socket) => reset(socket),
  (socket) => socket.write('GET /reset HT', () => reset(socket)),
  (socket) => socket.write(WHOLE, () => reset(socket)),
  (socket) => socket.write(WHOLE, () => setImmediate(() => setImmediate(() => reset(socket)))),
  (socket) => socket.write(WHOLE.repeat(20), () => reset(socket)),
  (socket) => {
    socket.write(WHOLE.repeat(3));
    socket.once('data', () => reset(socket));
  },
  (socket) =>
    socket.write(`POST /reset HTTP/1.1\r\n${HOST}Content-Length: 10000\r\n\r\nhello`, () =>
      setImmediate(() => reset(socket)),
    ),
  (socket) =>
    socket.write(`POST /reset HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhel`, () => reset(socket)),
];

export const RESET_ATTACK: Attack = (context) => {
  let begun = 0;
  let made = 0;
  const begunAt = performance.now();
  const attackOnce = (): void => {
    const moment = MOMENTS[begun % MOMENTS.length];
    begun += 1;
    const socket = attackFrom(ADDRESS, context);
    socket.on('connect', () => moment?.(socket));
    socket.on('close', () => {
      made += 1;
    });
  };
  const timer = setInterval(() => {
    const due = ((performance.now() - begunAt) / 1_000) * context.order.amount;
    while (begun < due) attackOnce();
  }, TICK_MS);
  return { stop: () => clearInterval(timer), done: () => made };
};
