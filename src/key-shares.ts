/** Which share of the keys each endpoint of a keyed cluster gets: counted by picking sampled keys as requests are. */
import type { Accept } from './balance/policy.ts';
import type { Endpoint, EndpointId } from './endpoint.ts';
import { type Snapshot, STATUS_WORDS, statusOf, UP } from './snapshot.ts';

export const DEFAULT_SAMPLED_KEYS = 100_000;
/** More would show nothing that these do not: at 10 million a share of 1 % is known to 0.01 %. */
export const MAX_SAMPLED_KEYS = 10_000_000;

/** The same keys in every run, so that two reports can be compared. `i` is 0 or more. */
export function sampledKey(i: number): string {
  return `key-${i}`;
}

export interface EndpointShare {
  readonly id: EndpointId;
  readonly address: string;
  readonly weight: number;
  readonly status: 'up' | 'down' | 'draining';
  /** By weight alone; 0…1. */
  readonly expected: number;
  /** Of the sampled keys, whatever the health of their endpoints; 0…1. */
  readonly actual: number;
  /** Of the sampled keys with health as it is: those that are not up have none. */
  readonly now: number;
}

export interface ShareReport {
  /** How many keys were sampled. */
  readonly keys: number;
  /** Of the ring, or what else tells two tables apart; empty where the policy has none. */
  readonly fingerprint: string;
  /** In order of id. */
  readonly endpoints: readonly EndpointShare[];
  /** Largest `actual / expected`; 0 where no endpoint has a weight. */
  readonly worst: number;
}

const ANYONE: Accept = () => true;

export function reportShares(snapshot: Snapshot, keys: number): ShareReport {
  const isUp: Accept = (endpoint) => statusOf(snapshot, endpoint) === UP;
  const actual = countOwners(snapshot, keys, ANYONE);
  const now = snapshot.upCount === snapshot.endpoints.length ? actual : countOwners(snapshot, keys, isUp);
  const expected = expectedShares(snapshot.endpoints);
  const shares = snapshot.endpoints.map((endpoint): EndpointShare => {
    const { id, address, weight } = endpoint;
    return {
      id,
      address,
      weight,
      status: STATUS_WORDS[statusOf(snapshot, endpoint)],
      expected: expected.get(id) ?? 0,
      actual: (actual.get(id) ?? 0) / keys,
      now: (now.get(id) ?? 0) / keys,
    };
  });
  const worst = shares.reduce((most, it) => (it.expected > 0 ? Math.max(most, it.actual / it.expected) : most), 0);
  return { keys, fingerprint: snapshot.fingerprint, endpoints: shares, worst };
}

/** What each endpoint would get if keys went by weight exactly. */
export function expectedShares(endpoints: readonly Endpoint[]): ReadonlyMap<EndpointId, number> {
  const total = endpoints.reduce((sum, { weight }) => sum + weight, 0);
  return new Map(endpoints.map(({ id, weight }) => [id, total === 0 ? 0 : weight / total]));
}

function countOwners({ picker }: Snapshot, keys: number, accept: Accept): ReadonlyMap<EndpointId, number> {
  const counts = new Map<EndpointId, number>();
  for (let i = 0; i < keys; i += 1) {
    const owner = picker.pick(sampledKey(i), accept);
    if (owner !== undefined) counts.set(owner.id, (counts.get(owner.id) ?? 0) + 1);
  }
  return counts;
}
