/** The table of `outrigger status`, from the bodies of `/ready` and `/clusters`. Pure. */
import type { RecordReport } from '../dns/records-report.ts';
import type { ClusterReport, ClustersReport, DiscoveryReport, EndpointReport } from '../src/clusters-report.ts';
import type { LeaderReport } from '../src/leader-report.ts';
import type { Readiness } from '../src/readiness.ts';
import type { ReloadReport } from '../src/reload-record.ts';
import { alignColumns, printable } from './columns.ts';
import { formatRecords } from './records-table.ts';

export interface StatusParts {
  readonly admin: string;
  readonly ready: Readiness;
  readonly report: ClustersReport & {
    readonly role: string;
    readonly config: ReloadReport;
    /** Of a candidate for a lead. */
    readonly leader?: LeaderReport;
    /** A name server's balanced names. */
    readonly records?: readonly RecordReport[];
  };
}

/** Lines without colours; what came from elsewhere cannot move a terminal's cursor. */
export function formatStatus({ admin, ready, report }: StatusParts): string[] {
  const state = ready.ready ? 'ready' : `not ready: ${ready.reasons.join('; ')}`;
  const stale =
    ready.stale.length === 0 ? [] : [`stale: ${ready.stale.join(', ')} (discovery fails; what was known is used)`];
  const lines = [
    `${report.role} at ${admin}: ${state}`,
    ...stale,
    ...formatConfig(report.config),
    ...(report.leader === undefined ? [] : [formatLeader(report.leader)]),
    ...formatRecords(report.records ?? []),
    ...report.clusters.flatMap(formatCluster),
  ];
  return lines.map(printable);
}

function formatConfig({ in_force_since: since, reloads, refusal, needs_restart: waiting }: ReloadReport): string[] {
  const changes = reloads.applied === 0 ? '' : `, reload ${reloads.applied}`;
  return [
    `configuration in force since ${since}${changes}`,
    ...(refusal === null ? [] : [`last reload refused at ${refusal.at}: ${refusal.reason}`]),
    ...(waiting.length === 0 ? [] : [`needs a restart: ${waiting.join(', ')}`]),
  ];
}

function formatLeader({ lock, leading, holder, address, failure }: LeaderReport): string {
  const other = holder === null ? `nobody known leads ${lock}` : `follows ${holder} in ${lock}`;
  const what = leading ? `leads ${lock}` : other;
  const owned = leading && address !== null ? ` and has ${address}` : '';
  return `${what}${owned}${failure === null ? '' : `; consul cannot be asked: ${failure}`}`;
}

function formatCluster(cluster: ClusterReport): string[] {
  const counts = `${cluster.up} of ${cluster.endpoints.length} up`;
  const marks = [cluster.required ? 'required' : '', cluster.fingerprint === null ? '' : `ring ${cluster.fingerprint}`];
  const facts = [counts, ...marks.filter((mark) => mark !== ''), formatDiscovery(cluster.discovery)];
  return ['', `${cluster.name}: ${facts.join(', ')}`, ...formatEndpoints(cluster.endpoints)];
}

function formatDiscovery(discovery: DiscoveryReport): string {
  const age = discovery.age_seconds === null ? 'never answered' : `${discovery.age_seconds.toFixed(1)} s ago`;
  const more = [discovery.error, discovery.held, discovery.from_saved ? 'from snapshot_dir' : null];
  const notes = more.filter((note) => note !== null).map((note) => `; ${note}`);
  return `${discovery.source} ${discovery.state} (${age}${notes.join('')})`;
}

function formatEndpoints(endpoints: readonly EndpointReport[]): string[] {
  if (endpoints.length === 0) return ['  no endpoints'];
  const counted = endpoints.some((endpoint) => endpoint['in_flight'] !== undefined);
  const head = ['ENDPOINT', 'ADDRESS', 'WEIGHT', 'STATUS', ...(counted ? ['IN FLIGHT'] : []), 'WHY'];
  const rows = endpoints.map((endpoint) => [
    endpoint.id,
    endpoint.address,
    String(endpoint.weight),
    endpoint.status,
    ...(counted ? [JSON.stringify(endpoint['in_flight'] ?? 0)] : []),
    whyOf(endpoint),
  ]);
  return alignColumns([head, ...rows]).map((line) => `  ${line}`);
}

/** Why it is not up, or not in the answer. */
function whyOf({ reason, held_seconds: held, penalty, override }: EndpointReport): string {
  const order = typeof override === 'string' ? `${override} by order` : '';
  const damping = typeof held === 'number' ? `held for ${held} s more (penalty ${String(penalty)})` : '';
  return [reason, order, damping].filter((text) => text !== '').join('; ');
}
