/** Who stands behind the names: three addresses that answer health checks, from this process, which is not measured. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';

/** All of them are this machine's, on Linux. */
export const MEMBERS = ['127.0.0.2', '127.0.0.3', '127.0.0.4'] as const;
export const ZONE = 'service.consul';
/** Relative to the zone; each has the same three members. */
export const NAMES = Array.from({ length: 8 }, (_, i) => `www${i}`);
export const TTL_SECONDS = 5;

export interface Members {
  /** The same on each address. */
  readonly port: number;
  close(): void;
}

export async function startMembers(): Promise<Members> {
  const servers: Server[] = [];
  let port = 0;
  for (const address of MEMBERS) {
    const server = createServer((_request, response) => response.end('ok')).listen(port, address);
    await once(server, 'listening');
    port = (server.address() as { port: number }).port;
    servers.push(server);
  }
  return {
    port,
    close: () => {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}
