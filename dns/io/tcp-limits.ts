/** `dns.tcp` → the limits of one thread. */
import type { DnsConfig } from '../../src/config/dns.ts';
import type { TcpLimits } from './tcp.ts';

/** Each of `workers` threads gets an equal part of the connections, rounded up: the kernel deals them out evenly. */
export function tcpLimits(tcp: DnsConfig['tcp'], workers: number): TcpLimits {
  return {
    maxConnections: Math.ceil(tcp.max_connections / workers),
    maxPerClient: Math.ceil(tcp.max_connections_per_client / workers),
    maxQueries: tcp.max_queries,
    idleMs: tcp.idle_timeout,
  };
}
