/** What explanations are made from: a configuration, and what is known of its clusters. */
import type { Policy } from '../../src/balance/policy.ts';
import type { Config } from '../../src/config/root.ts';
import type { StickyCookieConfig } from '../../src/config/sticky-cookie.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import type { SplitWeights } from '../split-weights.ts';
import type { ClusterState } from './cluster-state.ts';

export interface ExplainedWorld {
  readonly config: Pick<Config, 'listeners' | 'clusters' | 'trusted_proxies'>;
  /** Where listeners are really bound, by name, as far as they are. */
  readonly addresses: ReadonlyMap<string, string>;
  policyOf(cluster: string): Policy;
  /** A sentence where the endpoints are not known. */
  stateOf(cluster: string): ClusterState | string;
  /** Whom the value of a sticky cookie stands for; undefined where it stands for none of `endpoints`, a sentence where nobody can tell. */
  pinnedBy(value: string, pin: Pin): Endpoint | string | undefined;
  /** Of splits, where others than those of the configuration are in force. */
  readonly weights: SplitWeights;
}

export interface Pin {
  readonly cookie: StickyCookieConfig;
  readonly cluster: string;
  readonly endpoints: readonly Endpoint[];
}
