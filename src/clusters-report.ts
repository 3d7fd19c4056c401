/** The body of `/clusters`: everything there is to know of each cluster at this moment, in JSON's words. */
import type { ClusterView, DiscoveryStatus } from './cluster-view.ts';
import type { Endpoint } from './endpoint.ts';
import { STATUS_WORDS, statusOf } from './snapshot.ts';

export interface EndpointReport {
  readonly id: string;
  readonly address: string;
  readonly weight: number;
  /** Null where discovery knows none. */
  readonly locality: string | null;
  readonly status: 'up' | 'down' | 'draining';
  /** Why it is not up; empty when it is. */
  readonly reason: string;
  /** For how long it has had this status; null where that is not known. */
  readonly status_seconds: number | null;
  /** What the house adds: requests in flight, connections and the like. */
  readonly [detail: string]: unknown;
}

export interface DiscoveryReport {
  readonly source: DiscoveryStatus['source'];
  readonly state: DiscoveryStatus['state'];
  readonly age_seconds: number | null;
  readonly index: string | null;
  readonly error: string | null;
  readonly held: string | null;
  readonly from_saved: boolean;
  readonly skipped: readonly string[];
  readonly updates: DiscoveryStatus['updates'];
}

export interface ClusterReport {
  readonly name: string;
  readonly required: boolean;
  readonly started: boolean;
  /** Endpoints that are up. */
  readonly up: number;
  /** Null where the policy has no ring. */
  readonly fingerprint: string | null;
  readonly snapshot_version: number;
  readonly discovery: DiscoveryReport;
  readonly endpoints: readonly EndpointReport[];
}

export interface ClustersReport {
  readonly clusters: readonly ClusterReport[];
}

export interface ReportInputs {
  readonly requiredClusters: ReadonlySet<string>;
  endpointDetails(cluster: string, endpoint: Endpoint): Readonly<Record<string, unknown>>;
}

/** Clusters by name and endpoints by id, so that two reports can be compared line by line. */
export function reportClusters(clusters: readonly ClusterView[], inputs: ReportInputs): ClustersReport {
  const ordered = clusters.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return { clusters: ordered.map((cluster) => reportCluster(cluster, inputs)) };
}

function reportCluster(cluster: ClusterView, inputs: ReportInputs): ClusterReport {
  const { name, snapshot, started } = cluster;
  return {
    name,
    required: inputs.requiredClusters.has(name),
    started,
    up: snapshot.upCount,
    fingerprint: snapshot.fingerprint === '' ? null : snapshot.fingerprint,
    snapshot_version: snapshot.version,
    discovery: reportDiscovery(cluster.discovery),
    endpoints: snapshot.endpoints.map((endpoint) => ({
      // First, so that no detail can hide what every endpoint has.
      ...inputs.endpointDetails(name, endpoint),
      id: endpoint.id,
      address: endpoint.address,
      weight: endpoint.weight,
      locality: endpoint.locality ?? null,
      status: STATUS_WORDS[statusOf(snapshot, endpoint)],
      reason: snapshot.reasons.get(endpoint.id) ?? '',
      status_seconds: rounded(cluster.secondsInStatus?.(endpoint.id)),
    })),
  };
}

function reportDiscovery(discovery: DiscoveryStatus): DiscoveryReport {
  return {
    source: discovery.source,
    state: discovery.state,
    age_seconds: rounded(discovery.ageSeconds),
    index: discovery.index ?? null,
    error: discovery.error ?? null,
    held: discovery.held ?? null,
    from_saved: discovery.fromSaved,
    skipped: discovery.skipped,
    updates: discovery.updates,
  };
}

/** To the millisecond. */
function rounded(seconds: number | undefined): number | null {
  return seconds === undefined ? null : Math.round(seconds * 1_000) / 1_000;
}
