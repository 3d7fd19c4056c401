/** The sockets of the name server: UDP and TCP on each configured address, on one port. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { formatAddress, type HostPort, type ListenAddress } from '../../src/address.ts';
import { listenTcp, type TcpLimits, type TcpListener } from './tcp.ts';
import { type DnsSocketOptions, listenUdp, type UdpListener } from './udp.ts';

export interface DnsListener {
  readonly address: HostPort;
  /** Ends TCP and keeps answering over UDP; resolves when no connection is left. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

export interface ListenersOptions extends DnsSocketOptions {
  readonly tcpLimits?: TcpLimits | undefined;
}

/** With port 0 the kernel chooses the UDP port, and the TCP port of that number may be taken: try again. */
const PORT_ZERO_ATTEMPTS = 10;

/** Binds all addresses or none: rejects with an error that names the address, everything bound before closed again. */
export async function listenAll(
  addresses: readonly ListenAddress[],
  options: ListenersOptions,
): Promise<readonly DnsListener[]> {
  const listeners: DnsListener[] = [];
  try {
    for (const address of addresses) listeners.push(await listenBoth(address, options));
  } catch (error) {
    await Promise.all(listeners.map((listener) => listener.close()));
    throw error;
  }
  return listeners;
}

async function listenBoth(address: ListenAddress, options: ListenersOptions): Promise<DnsListener> {
  try {
    if ('path' in address) throw new Error('a name server listens on host:port');
    const { port } = address;
    const host = isIP(address.host) === 0 ? (await lookup(address.host)).address : address.host;
    for (let attempt = 1; ; attempt++) {
      const listener = await tryBoth({ host, port }, options, port === 0 && attempt < PORT_ZERO_ATTEMPTS);
      if (listener !== undefined) return listener;
    }
  } catch (error) {
    throw new Error(`cannot listen on ${formatAddress(address)}`, { cause: error });
  }
}

/** Undefined where TCP could not have the port that UDP got and another may be tried. */
async function tryBoth(
  address: HostPort,
  options: ListenersOptions,
  mayRetry: boolean,
): Promise<DnsListener | undefined> {
  const udp: UdpListener = await listenUdp(address, options);
  let tcp: TcpListener;
  try {
    tcp = await listenTcp(udp.address, options, options.tcpLimits);
  } catch (error) {
    await udp.close();
    if (mayRetry && error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined;
    throw error;
  }
  return {
    address: udp.address,
    drain: () => tcp.drain(),
    close: async () => {
      await Promise.all([udp.close(), tcp.close()]);
    },
  };
}
