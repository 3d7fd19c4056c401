/**
 * Whether a house should be given work, and why not.
 *
 *   started | draining | every required cluster has an endpoint up | outage | ready
 *   --------|----------|-------------------------------------------|--------|------
 *   no      | any      | any                                       | any    | no
 *   yes     | yes      | any                                       | any    | no
 *   yes     | no       | no                                        | any    | no
 *   yes     | no       | yes                                       | yes    | no
 *   yes     | no       | yes                                       | no     | yes
 *
 * A discovery that fails after the start is not in the table: what is known goes on working. It is told as `stale`.
 */
import type { ClusterView } from './cluster-view.ts';

export interface ReadinessInputs {
  readonly started: boolean;
  readonly draining: boolean;
  readonly clusters: readonly ClusterView[];
  /** Names; one that is not among `clusters` counts as having no endpoint up. */
  readonly requiredClusters: ReadonlySet<string>;
  /** Why nobody serves here now; undefined where somebody does. */
  readonly outage?: string | undefined;
}

/** The body of `/ready`. */
export interface Readiness {
  readonly ready: boolean;
  /** One sentence per thing that is missing; empty when ready. */
  readonly reasons: readonly string[];
  /** Names of the clusters whose discovery failed last and which go on with what they had. */
  readonly stale: readonly string[];
}

export function judgeReadiness({ started, draining, clusters, requiredClusters, outage }: ReadinessInputs): Readiness {
  const reasons: string[] = [];
  if (!started) reasons.push(...missingForStart(clusters));
  if (draining) reasons.push('draining');
  for (const name of requiredClusters) {
    const cluster = clusters.find((each) => each.name === name);
    if ((cluster?.snapshot.upCount ?? 0) === 0) reasons.push(`required cluster ${name} has no endpoint up`);
  }
  if (outage !== undefined) reasons.push(outage);
  const stale = clusters.filter(({ discovery }) => discovery.state === 'stale').map(({ name }) => name);
  return { ready: reasons.length === 0, reasons, stale };
}

/** What `/startup` waits for; never empty, because something is missing whenever it is asked. */
export function missingForStart(clusters: readonly ClusterView[]): readonly string[] {
  const waiting = clusters.filter((cluster) => !cluster.started);
  if (waiting.length === 0) return ['not every listener accepts yet'];
  return waiting.map(({ name, discovery: { source, state, error } }) => {
    if (state === 'current') return `cluster ${name} waits for the first probe of its endpoints`;
    const cause = error !== undefined ? `: ${error}` : state === 'absent' ? `: ${source} knows no such thing` : '';
    return `cluster ${name} has had no answer from ${source} yet${cause}`;
  });
}
