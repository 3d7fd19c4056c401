/** One pool of a record as its cluster stands now: the addresses, whether they are up, and how soon that could change. */
import type { ClusterView, ProbeView } from '../src/cluster-view.ts';
import type { Endpoint, EndpointId } from '../src/endpoint.ts';
import type { ProbeThresholds } from '../src/health.ts';
import { statusOf, UP } from '../src/snapshot.ts';
import { canonicalIp, type Ip } from './ip.ts';

export interface PoolMember {
  /** Unique within its pool. */
  readonly id: EndpointId;
  readonly ip: Ip;
  /** Its share next to the others, 1 or more. */
  readonly weight: number;
  /** unknown: discovery says up and the first probe has not ended. */
  readonly verdict: 'up' | 'down' | 'unknown';
  /** It is up, and `verdict` is down because it was lost a short while ago. */
  readonly held?: boolean;
  /** Discovery has it no longer, and that is not believed yet. */
  readonly isDoubted?: boolean;
  /** `verdict` is what an administrator has ordered. */
  readonly ordered?: 'up' | 'down';
  /** Milliseconds until `verdict` could change at the earliest: 0 at any moment, Infinity never. */
  readonly flipMs: number;
}

export interface PoolState {
  readonly members: readonly PoolMember[];
  /** Discovery has answered and each member has had its first verdict. */
  readonly settled: boolean;
  /** From a list: nobody joins. */
  readonly isStatic: boolean;
  /** Weights of members were above this, and are this; undefined where none was. */
  readonly weightLimit?: number | undefined;
  /** Milliseconds until the set of members that are up could change at the earliest. */
  readonly flipMs: number;
}

/** How the members of a record are probed; `intervalMs` from the start of a probe to the next. */
export interface ProbeTiming extends ProbeThresholds {
  readonly intervalMs: number;
}

/** A pool as discovery and probes have it. */
export function poolState(cluster: ClusterView & ProbeView, probe: ProbeTiming | undefined): PoolState {
  return poolOf(cluster, membersOf(cluster, probe));
}

/**
 * A member whose address is a host name is left out, for only addresses go into an answer, and so is one of weight 0:
 * it was taken out, and no failure of others brings it back.
 *
 *   status | probe          | verdict | could change
 *   -------|----------------|---------|----------------------------------------------------------------------------
 *   up     | up             | up      | when the failures that are missing have come: (fall − against) × interval
 *   up     | none, static   | up      | never
 *   up     | none, Consul   | up      | at any moment: what Consul will say cannot be calculated
 *   down   | down           | down    | when the successes that are missing have come: (rise − against) × interval
 *   down   | unknown        | unknown | at any moment: the first probe decides
 *   down, draining | other  | down    | at any moment: Consul holds it, Consul lets it go
 */
export function membersOf(
  cluster: Pick<ClusterView, 'snapshot' | 'discovery' | 'isDoubted'> & ProbeView,
  probe: ProbeTiming | undefined,
): readonly PoolMember[] {
  const { snapshot, discovery } = cluster;
  const isStatic = discovery.source === 'static';
  const members: PoolMember[] = [];
  for (const endpoint of snapshot.endpoints) {
    const ip = canonicalIp(endpoint.host);
    if (ip === undefined || endpoint.weight === 0) continue;
    const isUp = statusOf(snapshot, endpoint) === UP;
    const probed = probe === undefined ? undefined : { probe, cluster };
    const doubt = cluster.isDoubted?.(endpoint.id) === true ? { isDoubted: true } : {};
    members.push({
      id: endpoint.id,
      ip,
      weight: endpoint.weight,
      ...judge(endpoint, isUp, isStatic, probed),
      ...doubt,
    });
  }
  return members;
}

/** What follows for the pool from its members. */
export function poolOf(cluster: Pick<ClusterView, 'started' | 'discovery'>, members: readonly PoolMember[]): PoolState {
  const settled = cluster.started && members.every((member) => member.verdict !== 'unknown');
  const isStatic = cluster.discovery.source === 'static';
  const fixed = isStatic || members.some((member) => member.verdict === 'up');
  const flipMs = settled && fixed ? Math.min(...members.map((member) => member.flipMs)) : 0;
  return { members, settled, isStatic, flipMs };
}

function judge(
  endpoint: Endpoint,
  isUp: boolean,
  isStatic: boolean,
  probed: { probe: ProbeTiming; cluster: ProbeView } | undefined,
): Pick<PoolMember, 'verdict' | 'flipMs'> {
  if (probed === undefined) {
    return { verdict: isUp ? 'up' : 'down', flipMs: isStatic ? Number.POSITIVE_INFINITY : 0 };
  }
  const { fall, rise, intervalMs } = probed.probe;
  const state = probed.cluster.probeState(endpoint.id);
  if (isUp) return { verdict: 'up', flipMs: (fall - state.against) * intervalMs };
  if (state.status === 'down') return { verdict: 'down', flipMs: (rise - state.against) * intervalMs };
  const awaited = state.status === 'unknown' && endpoint.health === 'up';
  return { verdict: awaited ? 'unknown' : 'down', flipMs: 0 };
}
