/** The sources of endpoints, each started in the same way and reporting in the same words. */
import { resolve } from 'node:path';
import type { DiscoverConfig } from '../config/discover.ts';
import { describeQuery, type HealthQuery } from '../consul/health-query.ts';
import type { DiscoveryUpdate } from '../discovery.ts';
import type { DiscoveredEndpoint } from '../endpoint.ts';
import { listedEndpoint } from '../endpoint-list.ts';
import type { Clock } from './clock.ts';
import type { ConsulClient } from './consul-client.ts';
import { watchConsul } from './consul-watch.ts';
import { watchFile } from './file-watch.ts';

export type EndpointSource =
  | { readonly kind: 'consul'; readonly query: HealthQuery; readonly portOptional: boolean }
  /** `path` is absolute. */
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'static'; readonly endpoints: readonly DiscoveredEndpoint[] };

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
  if (discover.file !== undefined) return { kind: 'file', path: resolve(baseDir, discover.file) };
  return { kind: 'static', endpoints: (discover.static ?? []).map(listedEndpoint) };
}

/** Names what is asked for; changes when the question does. */
export function describeSource(source: EndpointSource): string {
  if (source.kind === 'consul') return `consul ${describeQuery(source.query)}`;
  return source.kind === 'file' ? `file ${source.path}` : 'static';
}

export interface SourceOptions {
  readonly consul: ConsulClient | undefined;
  readonly onUpdate: (update: DiscoveryUpdate) => void;
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
  const { consul, onUpdate, clock, random } = options;
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
    case 'file':
      return { index: undefined, close: watchFile({ path: source.path, onUpdate, clock }) };
    case 'static':
      onUpdate({ kind: 'endpoints', endpoints: source.endpoints });
      return { index: undefined, close: () => {} };
  }
}
