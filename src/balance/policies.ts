/** Name → policy. To add a policy: its own file, one line here, and its test; the contract test finds it by itself. */
import type { PolicyOptions } from '../config/balance-options.ts';
import { ipHash } from './ip-hash.ts';
import { leastConnections } from './least-connections.ts';
import { leastRequests } from './least-requests.ts';
import { maglev } from './maglev.ts';
import { peakEwma } from './peak-ewma.ts';
import type { Policy } from './policy.ts';
import { random } from './random.ts';
import { ringHash } from './ring-hash.ts';
import { roundRobin } from './round-robin.ts';

/** Each with the defaults of its options. */
export const POLICIES = {
  round_robin: roundRobin,
  random,
  least_requests: leastRequests,
  least_connections: leastConnections,
  peak_ewma: peakEwma,
  ip_hash: ipHash,
  ring_hash: ringHash,
  maglev,
} as const satisfies Record<string, Policy>;

export type PolicyName = keyof typeof POLICIES;

export const POLICY_NAMES = Object.keys(POLICIES) as readonly PolicyName[];

/** The policy that a cluster's `balance` asks for, its options included. */
export function policyFor(balance: PolicyOptions & { readonly policy: PolicyName }): Policy {
  const policy: Policy = POLICIES[balance.policy];
  return policy.withOptions?.(balance) ?? policy;
}
