/** A cluster of this moment as explanations see it, and why one of its endpoints gets no new work. */
import type { DiscoveryStatus } from '../../src/cluster-view.ts';
import { formatDuration } from '../../src/duration.ts';
import type { Endpoint, EndpointId } from '../../src/endpoint.ts';
import { DRAINING, type Snapshot, statusOf, UP } from '../../src/snapshot.ts';

export interface ClusterState {
  readonly snapshot: Snapshot;
  readonly source: DiscoveryStatus['source'];
  /** Requests in flight; undefined where nobody counts. */
  readonly inFlightOf?: (endpoint: Endpoint) => number;
  readonly secondsInStatus?: ((id: EndpointId) => number | undefined) | undefined;
}

/** Who says so, since when, and why: `down for 12s, by probes: connection refused`; undefined for one that is up. */
export function whyNoWork(state: ClusterState, endpoint: Endpoint): string | undefined {
  const { snapshot, source, secondsInStatus } = state;
  const status = statusOf(snapshot, endpoint);
  if (status === UP) return undefined;
  const reason = snapshot.reasons.get(endpoint.id) ?? '';
  const seconds = secondsInStatus?.(endpoint.id);
  const since = seconds === undefined ? '' : ` for ${formatDuration(Math.floor(seconds) * 1_000)}`;
  return `${status === DRAINING ? 'draining' : 'down'}${since}, ${blame(endpoint, reason, source)}`;
}

function blame(endpoint: Endpoint, reason: string, source: string): string {
  if (endpoint.health !== 'up') return `by ${source === 'static' ? 'the list' : source}${because(reason)}`;
  if (endpoint.weight === 0) return 'because its weight is 0';
  return reason.startsWith('probe: ') ? `by probes: ${reason.slice('probe: '.length)}` : `by probes${because(reason)}`;
}

function because(reason: string): string {
  return reason === '' ? '' : `: ${reason}`;
}
