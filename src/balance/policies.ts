/** Name → policy. To add a policy: its own file, one line here, one line in the contract test. */
import { leastConnections } from './least-connections.ts';
import { leastRequests } from './least-requests.ts';
import type { Policy } from './policy.ts';
import { random } from './random.ts';
import { ringHash } from './ring-hash.ts';
import { roundRobin } from './round-robin.ts';

export const POLICIES = {
  round_robin: roundRobin,
  random,
  least_requests: leastRequests,
  least_connections: leastConnections,
  ring_hash: ringHash,
} as const satisfies Record<string, Policy>;

export type PolicyName = keyof typeof POLICIES;

export const POLICY_NAMES = Object.keys(POLICIES) as readonly PolicyName[];
