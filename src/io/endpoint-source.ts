/** The sources of endpoints, each started in the same way and reporting in the same words. */
import { resolve } from 'node:path';
import { formatAddress, type HostPort } from '../address.ts';
import type { DiscoverConfig } from '../config/discover.ts';
import { describeQuery, type HealthQuery } from '../consul/health-query.ts';
import type { DiscoveryUpdate } from '../discovery.ts';
import type { DiscoveredEndpoint } from '../endpoint.ts';
import { listedEndpoint } from '../endpoint-list.ts';
import type { Clock } from './clock.ts';
import type { ConsulClient } from './consul-client.ts';
import { watchConsul } from './consul-watch.ts';
import { watchDns } from './dns-watch.ts';
import { watchFile } from './file-watch.ts';
import type { NameRecords } from './followed-name.ts';

export type EndpointSource =
  | { readonly kind: 'consul'; readonly query: HealthQuery; readonly portOptional: boolean }
  | DnsSource
  /** `path` is absolute. */
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'static'; readonly endpoints: readonly DiscoveredEndpoint[] };

export interface DnsSource {
  readonly kind: 'dns';
  readonly names: readonly string[];
  readonly records: NameRecords;
  /** Of all endpoints; services bring their own. */
  readonly port: number;
  /** False where the address alone is what is asked for. */
  readonly portInId: boolean;
  /** None are the system's. */
  readonly resolvers: readonly HostPort[];
}

export interface SourceContext {
  /** Needed by `consul` sources. */
  readonly consul: ConsulClient | undefined;
  /** Folder that the `file` of a configuration is relative to. */
  readonly baseDir: string;
}

/** What a `discover` of the configuration stands for. */
export function endpointSource(discover: DiscoverConfig, { consul, baseDir }: SourceContext): EndpointSource {
  if (discover.consul !== undefined) {
    const { service, tags, datacenters } = discover.consul;
    const datacenter = datacenters[0] ?? consul?.settings.datacenter;
    return { kind: 'consul', query: { service, tags, datacenter }, portOptional: false };
  }
  if (discover.dns !== undefined) {
    const { name, type: records, port = 0, resolvers } = discover.dns;
    return { kind: 'dns', names: [name], records, port, portInId: true, resolvers };
  }
  if (discover.file !== undefined) return { kind: 'file', path: resolve(baseDir, discover.file) };
  return { kind: 'static', endpoints: (discover.static ?? []).map(listedEndpoint) };
}

/** Names what is asked for; changes when the question does. */
export function describeSource(source: EndpointSource): string {
  if (source.kind === 'consul') return `consul ${describeQuery(source.query)}`;
  if (source.kind === 'dns') return describeNames(source);
  return source.kind === 'file' ? `file ${source.path}` : 'static';
}

function describeNames({ names, records, port, portInId, resolvers }: DnsSource): string {
  const what = records === 'address' ? '' : ` ${records}`;
  const at = records === 'srv' || !portInId ? '' : ` port ${port}`;
  const by = resolvers.length === 0 ? '' : ` at ${resolvers.map(formatAddress).join(' ')}`;
  return `dns ${names.join(' ')}${what}${at}${by}`;
}

export interface SourceOptions {
  readonly consul: ConsulClient | undefined;
  readonly onUpdate: (update: DiscoveryUpdate) => void;
  /** What was last taken of this source's updates, or saved of those before. */
  readonly present: () => readonly DiscoveredEndpoint[];
  readonly clock: Clock;
  readonly random: () => number;
}

export interface RunningSource {
  /** Consul's index; undefined for other sources. */
  readonly index: string | undefined;
  /** No update comes after this has been called. */
  close(): void;
}

/** A static source reports from within this call, the others later. */
export function startSource(source: EndpointSource, options: SourceOptions): RunningSource {
  const { consul, onUpdate, present, clock, random } = options;
  switch (source.kind) {
    case 'consul':
      if (consul === undefined) throw new Error('a consul source needs a consul client');
      return watchConsul({
        client: consul,
        query: source.query,
        portOptional: source.portOptional,
        onUpdate,
        clock,
        random,
      });
    case 'dns':
      return { index: undefined, close: watchDns({ ...source, onUpdate, present, clock, random }) };
    case 'file':
      return { index: undefined, close: watchFile({ path: source.path, onUpdate, clock }) };
    case 'static':
      onUpdate({ kind: 'endpoints', endpoints: source.endpoints });
      return { index: undefined, close: () => {} };
  }
}
