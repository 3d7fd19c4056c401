/** The sockets of the name server: UDP and TCP on each configured address, on one port. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { HostPort, ListenAddress } from '../../src/address.ts';
import { CAN_SHARE_PORTS, type ShareOptions } from '../../src/io/listen-beside.ts';
import { listenError } from '../../src/listen-error.ts';
import { freePorts } from './free-ports.ts';
import { listenTcp, type TcpLimits, type TcpListener } from './tcp.ts';
import { type DnsSocketOptions, listenUdp, type UdpListener } from './udp.ts';

export interface DnsListener {
  readonly address: HostPort;
  /** Takes nothing new, answers what waits, ends connections as they fall idle; resolves when all is closed. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

export interface ListenersOptions extends DnsSocketOptions, ShareOptions {
  readonly tcpLimits?: TcpLimits | undefined;
}

/** With port 0 the kernel chooses the UDP port, and the TCP port of that number may be taken: try again. */
const PORT_ZERO_ATTEMPTS = 10;

/**
 * Binds all addresses or none: rejects with an error that names the address, everything bound before closed again.
 * An address that another process has is refused unless this one is told that it comes beside others.
 */
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
    throw listenError(address, error);
  }
}

/** Undefined where TCP could not have the port that UDP got and another may be tried. */
async function tryBoth(
  address: HostPort,
  options: ListenersOptions,
  mayRetry: boolean,
): Promise<DnsListener | undefined> {
  let udp: UdpListener | undefined;
  let tcp: TcpListener;
  try {
    const alone = CAN_SHARE_PORTS && (options.besideOthers !== true || address.port === 0);
    udp = await listenUdp(alone ? await freePorts(address) : address, options);
    tcp = await listenTcp(udp.address, options, options.tcpLimits);
  } catch (error) {
    await udp?.close();
    if (mayRetry && error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined;
    throw error;
  }
  const both = [udp, tcp];
  return {
    address: udp.address,
    drain: async () => {
      await Promise.all(both.map((it) => it.drain()));
    },
    close: async () => {
      await Promise.all(both.map((it) => it.close()));
    },
  };
}
