/** What serves a sidecar's listeners, as its house sees it: the data path in this thread, or workers with one each. */
import type { Config } from '../../src/config/root.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import type { EndpointTraffic, Traffic } from '../metrics.ts';

/** The parts of a configuration that a data path needs; fit for a message between threads. */
export type DataPathConfig = Pick<Config, 'clusters' | 'listeners' | 'log' | 'trusted_proxies'>;

export interface Serving {
  /** Binds every listener. Resolves to their addresses by name; rejects when one cannot be bound. */
  listen(): Promise<ReadonlyMap<string, string>>;
  /** Open client connections. */
  readonly connections: number;
  /** Accepts no more and lets requests finish; resolves when no connection is left. */
  drain(): Promise<void>;
  /** Cuts everything at once; resolves when all is closed. Never rejects. */
  close(): Promise<void>;
  traffic(): Traffic;
  /** Undefined for a cluster that is not served. */
  endpointTraffic(cluster: string, endpoint: Endpoint): Omit<EndpointTraffic, 'endpoint'> | undefined;
  /** Why nobody is served though the listeners were bound; undefined while somebody is. */
  outage(): string | undefined;
}
