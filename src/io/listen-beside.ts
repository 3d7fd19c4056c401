/** Ports that a process shares with the one that takes its place, and with nobody by accident. */
import { createServer, type Server } from 'node:net';
import type { ListenAddress } from '../address.ts';
import { type ListenOptions, listen } from './listen.ts';

/** Where the kernel lets several sockets of one user have a port and deals out between them (SO_REUSEPORT). */
export const CAN_SHARE_PORTS = process.platform === 'linux' || process.platform === 'freebsd';

export interface ShareOptions {
  /** Others may have the port already: this process is to take their place. */
  readonly besideOthers?: boolean | undefined;
}

/**
 * Binds like {@link listen}, so that another process can do so beside it. Unless it is told that it comes beside others,
 * it refuses a port that somebody has: the kernel would deal out between two processes that know nothing of each other.
 */
export async function listenBeside(
  server: Server,
  address: ListenAddress,
  { besideOthers = false, ...options }: Omit<ListenOptions, 'reusePort'> & ShareOptions = {},
): Promise<string> {
  if ('path' in address || !CAN_SHARE_PORTS) return listen(server, address, options);
  const port = besideOthers && address.port !== 0 ? address.port : await freePort(address);
  return listen(server, { ...address, port }, { ...options, reusePort: true });
}

/**
 * Resolves when nobody has the address, or it is a unix socket; rejects as {@link listen} does when somebody has it,
 * be it another process of ours. What was port 0 is free by the number that it resolves to.
 */
export async function freePort(address: ListenAddress): Promise<number> {
  if ('path' in address) return 0;
  const server = createServer((socket) => socket.destroy());
  await listen(server, address);
  const bound = server.address();
  await new Promise((resolve) => server.close(resolve));
  return bound === null || typeof bound === 'string' ? address.port : bound.port;
}
