/** A route with everything a request needs once it has matched: the cluster, how to find the key, where to count. */
import type { ClientIdentity } from '../client-identity.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { RequestKey } from '../request-key.ts';
import type { Route } from '../route.ts';
import type { DurationHistogram, RequestCounts } from '../traffic.ts';
import type { UpstreamCluster } from './upstream-cluster.ts';

export interface RouteTarget extends Omit<Route, 'cluster'> {
  readonly cluster: UpstreamCluster;
  /** Undefined where the policy has no use for a key. */
  readonly requestKey: RequestKey | undefined;
  readonly requestTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly counts: RequestCounts;
  readonly durations: DurationHistogram;
}

/** The request's key; undefined where it carries none (counted), empty where the policy has no use for one. */
export function keyOf(target: RouteTarget, head: RequestHead, identity: ClientIdentity): string | undefined {
  if (target.requestKey === undefined) return '';
  const key = target.requestKey(head, identity.clientOf(head));
  if (key === undefined) target.cluster.counts.countKeyless();
  return key;
}
