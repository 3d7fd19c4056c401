/** Whether nobody has an address yet, over UDP or TCP: ports that can be shared would be shared with strangers too. */
import { createSocket } from 'node:dgram';
import { createServer, isIP } from 'node:net';
import type { HostPort } from '../../src/address.ts';

/**
 * Resolves to the address, with a port that is free for both in the place of port 0; rejects when somebody has it, be
 * it another process of ours. `host` is an IP address.
 */
export async function freePorts({ host, port }: HostPort): Promise<HostPort> {
  const ipv6Only = isIP(host) === 6;
  const socket = createSocket({ type: ipv6Only ? 'udp6' : 'udp4', ipv6Only });
  const server = createServer((connection) => connection.destroy());
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address: host, port }, resolve);
    });
    const free = { host, port: socket.address().port };
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ ...free, ipv6Only }, resolve);
    });
    return free;
  } finally {
    socket.close();
    await new Promise((resolve) => server.close(resolve));
  }
}
