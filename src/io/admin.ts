/** The two addresses for people and machines that look after the process: `admin` (everything) and `status` (health). */
import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { isLoopback, type ListenAddress } from '../address.ts';
import { createAdminServer } from './admin-server.ts';
import { adminPaths } from './admin-table.ts';
import { listenBeside, type ShareOptions } from './listen-beside.ts';
import type { Log } from './log.ts';
import { ProcessMetrics } from './process-metrics.ts';
import type { AdminView } from './running-house.ts';
import { stopAccepting } from './stop-accepting.ts';

export interface AdminServersOptions extends ShareOptions {
  /** The parts of the configuration that name the two addresses; either may be left out. */
  readonly config: {
    readonly admin?: { readonly listen: ListenAddress } | undefined;
    readonly status?: { readonly listen: ListenAddress } | undefined;
  };
  readonly view: AdminView;
  readonly log: Log;
}

export interface AdminServers {
  /** `admin` and `status`, as far as configured → the address that was really bound. */
  readonly addresses: ReadonlyMap<string, string>;
  /** Gives up the addresses and ends idle connections; answers are finished. Never rejects. */
  leave(): Promise<void>;
  /** Stops listening and ends every connection; answers that are being written get a moment. Never rejects. */
  close(): Promise<void>;
}

/** How long an answer that is being written when the servers close may still take. */
const CLOSE_GRACE_MS = 500;
/** How long the first request of a connection may be on its way when the addresses are given up. */
const FIRST_REQUEST_MS = 100;

/** Binds what is configured. Rejects, with nothing left open, when either address cannot be bound. */
export async function startAdminServers({
  config,
  view,
  log,
  besideOthers,
}: AdminServersOptions): Promise<AdminServers> {
  const metrics = new ProcessMetrics();
  const servers: Server[] = [];
  const addresses = new Map<string, string>();
  const close = async (): Promise<void> => {
    await Promise.all(servers.map(closeServer));
    metrics.close();
  };
  try {
    for (const name of ['admin', 'status'] as const) {
      const address = config[name]?.listen;
      if (address === undefined) continue;
      const addressHostOnly = name === 'admin' && !('path' in address) && isLoopback(address);
      const server = createAdminServer({ paths: adminPaths(name), view, metrics, log, addressHostOnly });
      servers.push(server);
      addresses.set(name, await listenBeside(server, address, { private: name === 'admin', besideOthers }));
    }
  } catch (error) {
    await close();
    throw error;
  }
  for (const [name, address] of addresses) log.info({ address }, `${name} address listens`);
  const leave = async (): Promise<void> => {
    await Promise.all(servers.map((server) => stopAccepting(server)));
    await delay(FIRST_REQUEST_MS);
    for (const server of servers) server.closeIdleConnections();
  };
  return { addresses, leave, close };
}

function closeServer(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cut = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
  // A server that never listened reports an error here, which means the same: it is closed.
  server.close(() => {
    clearTimeout(cut);
    resolve();
  });
  server.closeIdleConnections();
  return promise;
}
