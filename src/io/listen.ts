/** Binds a server where the configuration says: host and port, or a unix socket with its leftovers and its mode. */
import { unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import { formatAddress, type ListenAddress } from '../address.ts';
import { listenError } from '../listen-error.ts';

const STALE_CHECK_MS = 1_000;

export interface ListenOptions {
  /** Connections that wait to be accepted; the kernel's own bound applies as well. */
  readonly backlog?: number;
  /** Only the owner may connect to a unix socket (mode 0600). Means nothing for a port. */
  readonly private?: boolean;
  /** Others may bind the same port and share what comes (SO_REUSEPORT). Means nothing for a unix socket. */
  readonly reusePort?: boolean;
  /** Called as soon as it is bound, before anything can have been accepted. What it throws is a failure to listen. */
  readonly onBound?: () => void;
}

/**
 * Resolves to the address that was really bound (the port chosen for port 0), in the form of the configuration.
 * Rejects with an error that names the address. A unix socket that nobody listens on any more is replaced; one that
 * answers is not. The caller keeps its own `error` listener: this one goes when binding has ended.
 */
export async function listen(server: Server, address: ListenAddress, options: ListenOptions = {}): Promise<string> {
  try {
    await bind(server, address, options);
  } catch (error) {
    if (!('path' in address) || codeOf(error) !== 'EADDRINUSE' || (await answers(address.path))) {
      throw listenError(address, error);
    }
    removeLeftover(address.path);
    await bind(server, address, options).catch((cause: unknown) => {
      throw listenError(address, cause);
    });
  }
  const bound = server.address();
  if (bound === null || typeof bound === 'string') return formatAddress(address);
  return formatAddress({ host: bound.address, port: bound.port });
}

function bind(server: Server, address: ListenAddress, options: ListenOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  const onListening = (): void => {
    try {
      options.onBound?.();
      resolve();
    } catch (error) {
      server.close();
      reject(error instanceof Error ? error : new Error(String(error)));
    }
  };
  server.once('listening', onListening);
  const reusePort = options.reusePort === true ? { reusePort: true } : {};
  const backlog = options.backlog === undefined ? {} : { backlog: options.backlog };
  if (!('path' in address)) server.listen({ host: address.host, port: address.port, ...backlog, ...reusePort });
  else withMask(options.private === true, () => server.listen({ path: address.path, ...backlog }));
  return promise.finally(() => {
    server.off('error', reject);
    server.off('listening', onListening);
  });
}

/**
 * A path is bound within the call of `listen`, so the mask makes the socket private from its first moment;
 * a `chmod` afterwards would leave a moment in which anyone may connect. Threads cannot set it.
 */
function withMask(isPrivate: boolean, action: () => void): void {
  const masked = isPrivate && isMainThread;
  const former = masked ? process.umask(0o177) : 0;
  try {
    action();
  } finally {
    if (masked) process.umask(former);
  }
}

/** Whether someone accepts connections on a unix socket. Anything but a clear refusal counts as yes. */
function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ path, timeout: STALE_CHECK_MS });
  socket.once('connect', () => resolve(true));
  socket.once('timeout', () => resolve(true));
  socket.once('error', (error) => resolve(codeOf(error) !== 'ECONNREFUSED'));
  return promise.finally(() => socket.destroy());
}

function removeLeftover(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Somebody else was faster; the second attempt to bind tells.
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
