/** The sidecar's metric families, from the counters of the data path. Pure: everything is read in one go. */
import type { Endpoint } from '../src/endpoint.ts';
import type { MetricsText } from '../src/metrics.ts';
import { collectWorkerMetrics, type WorkersState } from '../src/worker-metrics.ts';
import { LIMITS, type LimitCounts } from './limit-counts.ts';
import { MIRROR_OUTCOMES, type MirrorCounts } from './mirror.ts';
import {
  DURATION_BOUNDS_SECONDS,
  type DurationHistogram,
  type EndpointCounts,
  OUTCOMES,
  type RequestCounts,
} from './traffic.ts';

export interface RouteTraffic {
  /** Empty where no route took the request. */
  readonly route: string;
  /** Empty where the route answers by itself too. */
  readonly cluster: string;
  readonly counts: RequestCounts;
}

export interface MirrorTraffic {
  readonly route: string;
  readonly cluster: string;
  readonly counts: MirrorCounts;
}

export interface SplitTraffic {
  readonly route: string;
  readonly keyless: number;
}

export interface ListenerTraffic {
  readonly name: string;
  readonly connections: number;
  readonly exceeded: LimitCounts;
  readonly bytes: { readonly received: number; readonly sent: number };
  readonly routes: readonly RouteTraffic[];
  readonly splits: readonly SplitTraffic[];
  readonly mirrors: readonly MirrorTraffic[];
  readonly durations: readonly { readonly cluster: string; readonly histogram: DurationHistogram }[];
}

export interface EndpointTraffic {
  readonly endpoint: Endpoint;
  readonly counts: EndpointCounts;
  readonly inFlight: number;
}

export interface ClusterTraffic {
  readonly name: string;
  readonly endpoints: readonly EndpointTraffic[];
  readonly retries: Readonly<Record<'success' | 'failure', number>>;
  readonly keyless: number;
}

export interface Traffic {
  readonly listeners: readonly ListenerTraffic[];
  readonly clusters: readonly ClusterTraffic[];
  readonly droppedLogLines: number;
  readonly workers: WorkersState;
}

export function writeTraffic(traffic: Traffic, writer: MetricsText): void {
  writeListeners(traffic.listeners, writer);
  writeClusters(traffic.clusters, writer);
  collectWorkerMetrics(traffic.workers, writer);
  writer.family('outrigger_access_log_dropped_total', 'counter', 'Access log lines lost to a slow reader.');
  writer.sample({}, traffic.droppedLogLines);
}

function writeListeners(listeners: readonly ListenerTraffic[], writer: MetricsText): void {
  writeRoutes(listeners, writer);
  writeMirrors(listeners, writer);
  writeDurations(listeners, writer);
  writeConnections(listeners, writer);
}

function writeRoutes(listeners: readonly ListenerTraffic[], writer: MetricsText): void {
  writer.family(
    'outrigger_requests_total',
    'counter',
    'Requests by what the client got; status 0 where the client left first, reason where no endpoint answered.',
  );
  for (const { name: listener, routes } of listeners) {
    for (const { route, cluster, counts } of routes) {
      for (const { status, reason, count } of counts.entries()) {
        writer.sample({ listener, route, cluster, status: String(status), reason }, count);
      }
    }
  }
  writer.family('outrigger_keyless_splits_total', 'counter', 'Requests without any part of their split_key.');
  for (const { name: listener, splits } of listeners) {
    for (const { route, keyless } of splits) writer.sample({ listener, route }, keyless);
  }
}

function writeMirrors(listeners: readonly ListenerTraffic[], writer: MetricsText): void {
  writer.family(
    'outrigger_mirrored_requests_total',
    'counter',
    'Requests drawn for a mirror, by what became of the copy.',
  );
  for (const { name: listener, mirrors } of listeners) {
    for (const { route, cluster, counts } of mirrors) {
      for (const outcome of MIRROR_OUTCOMES) writer.sample({ listener, route, cluster, outcome }, counts.of(outcome));
    }
  }
}

function writeDurations(listeners: readonly ListenerTraffic[], writer: MetricsText): void {
  writer.family('outrigger_request_duration_seconds', 'histogram', 'From the request head to the end of the answer.');
  for (const { name: listener, durations } of listeners) {
    for (const { cluster, histogram } of durations) {
      const { counts, sumMs } = histogram;
      writer.histogram({ listener, cluster }, { bounds: DURATION_BOUNDS_SECONDS, counts, sum: sumMs / 1_000 });
    }
  }
}

function writeConnections(listeners: readonly ListenerTraffic[], writer: MetricsText): void {
  writer.family('outrigger_connections', 'gauge', 'Open client connections.');
  for (const { name: listener, connections } of listeners) writer.sample({ listener }, connections);
  writer.family('outrigger_limit_exceeded_total', 'counter', 'Client connections that ran into a limit.');
  for (const { name: listener, exceeded } of listeners) {
    for (const limit of LIMITS) writer.sample({ listener, limit }, exceeded.of(limit));
  }
  writer.family('outrigger_bytes_total', 'counter', 'Bytes of client connections.');
  for (const { name: listener, bytes } of listeners) {
    writer.sample({ listener, direction: 'received' }, bytes.received);
    writer.sample({ listener, direction: 'sent' }, bytes.sent);
  }
}

function writeClusters(clusters: readonly ClusterTraffic[], writer: MetricsText): void {
  writer.family('outrigger_upstream_requests_total', 'counter', 'Attempts at endpoints by what became of them.');
  eachEndpoint(clusters, (labels, { counts }) => {
    for (const [slot, outcome] of OUTCOMES.entries()) {
      const count = counts.outcomes[slot] ?? 0;
      if (count > 0) writer.sample({ ...labels, outcome }, count);
    }
  });
  writer.family('outrigger_upstream_in_flight', 'gauge', 'Requests or TCP connections at an endpoint now.');
  eachEndpoint(clusters, (labels, { inFlight }) => writer.sample(labels, inFlight));
  writer.family('outrigger_upstream_connections', 'gauge', 'Connections to an endpoint.');
  eachEndpoint(clusters, (labels, { counts }) => {
    writer.sample({ ...labels, state: 'active' }, counts.activeConnections);
    writer.sample({ ...labels, state: 'idle' }, counts.idleConnections);
  });
  writer.family('outrigger_retries_total', 'counter', 'Attempts after the first, by how their requests ended.');
  for (const { name: cluster, retries } of clusters) {
    writer.sample({ cluster, outcome: 'success' }, retries.success);
    writer.sample({ cluster, outcome: 'failure' }, retries.failure);
  }
  writer.family('outrigger_keyless_requests_total', 'counter', 'Requests without any part of their hash_key.');
  for (const { name: cluster, keyless } of clusters) writer.sample({ cluster }, keyless);
}

function eachEndpoint(
  clusters: readonly ClusterTraffic[],
  write: (labels: Readonly<Record<string, string>>, traffic: EndpointTraffic) => void,
): void {
  for (const { name: cluster, endpoints } of clusters) {
    for (const traffic of endpoints) write({ cluster, endpoint: traffic.endpoint.address }, traffic);
  }
}
