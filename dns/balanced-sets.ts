/** The addresses that a balanced name answers with → its sets of records, one for each family. */
import type { BalancedRecordConfig } from '../src/config/dns.ts';
import type { AddressType } from './address-octets.ts';
import { AnswerSet, type RecordOrder } from './answer-set.ts';
import type { Candidate } from './candidate.ts';
import { TYPE } from './codes.ts';
import { isIpv6 } from './ip.ts';
import { NetworkRing } from './network-ring.ts';
import type { NetworkRings } from './network-rings.ts';
import { WeightedTurns } from './weighted-turns.ts';

/** More would not fit into one message of 65,535 octets, which is all that TCP has (AAAA: 28 octets each). */
export const MAX_ADDRESSES = 2_000;

/**
 * What a query gets: every address, the first in turn (`all`) or in turn by weight (`all_weighted`); or one, by weight
 * (`one_weighted`) or by the network of the client (`one_sticky`).
 */
export type Serving = 'all' | 'all_weighted' | 'one_weighted' | 'one_sticky';

export function servingOf({ policy, answer }: Pick<BalancedRecordConfig, 'policy' | 'answer'>): Serving {
  if (policy === 'hash') return 'one_sticky';
  if (policy !== 'weighted') return 'all';
  return answer === 'all' ? 'all_weighted' : 'one_weighted';
}

export interface BalancedSetsOptions {
  /** Seconds. */
  readonly ttl: number;
  readonly serving: Serving;
  /** Those of the thread's other names. */
  readonly rings: NetworkRings;
  /** The sets whose place these take: turns go on from there. */
  readonly former: readonly AnswerSet[];
}

/** `candidates` are sorted and without repetition; a family without any has no set. */
export function balancedSets(candidates: readonly Candidate[], options: BalancedSetsOptions): readonly AnswerSet[] {
  return [
    ...familySet(
      TYPE.A,
      candidates.filter(({ ip }) => !isIpv6(ip)),
      options,
    ),
    ...familySet(
      TYPE.AAAA,
      candidates.filter(({ ip }) => isIpv6(ip)),
      options,
    ),
  ];
}

function familySet(
  type: AddressType,
  all: readonly Candidate[],
  { ttl, serving, rings, former }: BalancedSetsOptions,
): readonly AnswerSet[] {
  const some = all.slice(0, MAX_ADDRESSES);
  if (some.length === 0) return [];
  const before = former.find((set) => set.type === type) ?? {};
  const ips = some.map(({ ip }) => ip);
  return [AnswerSet.ofAddresses(type, ttl, ips, { order: orderOf(serving, some, rings, before) })];
}

function orderOf(
  serving: Serving,
  candidates: readonly Candidate[],
  rings: NetworkRings,
  { turns, chooser }: RecordOrder,
): RecordOrder {
  const ofTurns = (it: unknown): WeightedTurns | undefined => (it instanceof WeightedTurns ? it : undefined);
  switch (serving) {
    case 'all':
      return {};
    case 'all_weighted':
      return { turns: new WeightedTurns(candidates, ofTurns(turns)) };
    case 'one_weighted':
      return { chooser: new WeightedTurns(candidates, ofTurns(chooser)) };
    case 'one_sticky':
      return { chooser: rings.of(candidates, chooser instanceof NetworkRing ? chooser : undefined) };
  }
}
