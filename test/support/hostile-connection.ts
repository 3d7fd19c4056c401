/** What all attacks share: a connection to the victim, from an address of its own, that never throws. */
import { connect, type Socket } from 'node:net';
import type { AttackOrder } from './hostile-attacker.ts';

export interface AttackContext {
  readonly order: AttackOrder;
  /** All open ones. */
  readonly sockets: Set<Socket>;
  /** An answer came that is somebody else's. */
  readonly onStranger: () => void;
}

export interface RunningAttack {
  readonly stop: () => void;
  readonly done: () => number;
}

export type Attack = (context: AttackContext) => RunningAttack;

/** What instances say to whoever loads them properly; an attacker never sends such an id. */
const LOAD_ID = /(?:^|\n)[a-z0-9]{1,6}-\d+\n/;

/** `from` is the last number of its address 127.0.0.x. */
export function attackFrom(from: number, { order, sockets, onStranger }: AttackContext): Socket {
  const socket = connect({ host: order.host, port: order.port, localAddress: `127.0.0.${from}`, noDelay: true });
  sockets.add(socket);
  socket.on('error', () => undefined);
  socket.on('close', () => sockets.delete(socket));
  socket.on('data', (bytes: Buffer) => {
    if (LOAD_ID.test(bytes.toString('latin1'))) onStranger();
  });
  return socket;
}
