/** A request that nobody makes, as far as a listener has read it. */
import type { ClusterConfig } from '../../src/config/cluster.ts';
import type { Interests } from '../http1/interests.ts';
import type { RequestHead } from '../http1/request-head.ts';
import type { ExplainedWorld } from './explained-world.ts';

export interface Asked {
  readonly head: RequestHead;
  readonly clientIp: string;
  /** The peer is in `trusted_proxies`. */
  readonly isTrusted: boolean;
  readonly interests: Interests;
  /** Its name. */
  readonly listener: string;
  readonly world: ExplainedWorld;
}

export function balanceOf(cluster: string, { config }: ExplainedWorld): ClusterConfig['balance'] {
  const it = config.clusters[cluster];
  if (it === undefined) throw new Error(`cluster ${cluster} does not exist`);
  return it.balance;
}
