/** What a change of endpoints does to keys: which would move, and which of those need not have. */
import type { Endpoint, EndpointId } from './endpoint.ts';
import { expectedShares, sampledKey } from './key-shares.ts';
import type { Snapshot } from './snapshot.ts';

export interface EndpointMoves {
  readonly id: EndpointId;
  readonly address: string;
  /** Null where it is not in that set. */
  readonly weightBefore: number | null;
  readonly weightAfter: number | null;
  /** Of the sampled keys; 0…1. */
  readonly shareBefore: number;
  readonly shareAfter: number;
  /** Sampled keys that come to it and that leave it. */
  readonly gained: number;
  readonly lost: number;
}

export interface MoveReport {
  /** How many keys were sampled. */
  readonly keys: number;
  /** Those that another endpoint would get. */
  readonly moved: number;
  /** Share of the keys that has to move for shares to follow the weights; 0…1. */
  readonly needed: number;
  /**
   * Moved keys that nothing made move: from an endpoint that stays with no less weight to one that was there with no
   * less. 0 on a ring, unless its `weightDivisor` becomes another.
   */
  readonly collateral: number;
  readonly fingerprintBefore: string;
  readonly fingerprintAfter: string;
  /** Of both sets together, in order of id. */
  readonly endpoints: readonly EndpointMoves[];
}

interface Tally {
  before: number;
  after: number;
  gained: number;
  lost: number;
}

interface Moves {
  moved: number;
  collateral: number;
  readonly tallies: ReadonlyMap<EndpointId, Tally>;
}

/** Compares two snapshots of one cluster, whatever the health in them: endpoints keep their keys while they are down. */
export function reportMoves(before: Snapshot, after: Snapshot, keys: number): MoveReport {
  const all = endpointsOf(before, after);
  const [weightsBefore, weightsAfter] = [weightsOf(before), weightsOf(after)];
  const { moved, collateral, tallies } = countMoves(before, after, keys);
  return {
    keys,
    moved,
    needed: neededShare(before, after),
    collateral,
    fingerprintBefore: before.fingerprint,
    fingerprintAfter: after.fingerprint,
    endpoints: all.map(({ id, address }) => {
      const tally = tallies.get(id);
      return {
        id,
        address,
        weightBefore: weightsBefore.get(id) ?? null,
        weightAfter: weightsAfter.get(id) ?? null,
        shareBefore: (tally?.before ?? 0) / keys,
        shareAfter: (tally?.after ?? 0) / keys,
        gained: tally?.gained ?? 0,
        lost: tally?.lost ?? 0,
      };
    }),
  };
}

function countMoves(before: Snapshot, after: Snapshot, keys: number): Moves {
  const ids = endpointsOf(before, after).map(({ id }) => id);
  const tallies = new Map<EndpointId, Tally>(ids.map((id) => [id, { before: 0, after: 0, gained: 0, lost: 0 }]));
  const moves: Moves = { moved: 0, collateral: 0, tallies };
  const [old, next] = [weightsOf(before), weightsOf(after)];
  const gives = (id: EndpointId): boolean => (next.get(id) ?? 0) < (old.get(id) ?? 0);
  const takes = (id: EndpointId): boolean => (next.get(id) ?? 0) > (old.get(id) ?? 0);
  for (let i = 0; i < keys; i += 1) {
    const key = sampledKey(i);
    const from = before.picker.pick(key, anyone)?.id;
    const to = after.picker.pick(key, anyone)?.id;
    const [left, joined] = [tallyOf(tallies, from), tallyOf(tallies, to)];
    if (left !== undefined) left.before += 1;
    if (joined !== undefined) joined.after += 1;
    if (from === to) continue;
    moves.moved += 1;
    if (left !== undefined) left.lost += 1;
    if (joined !== undefined) joined.gained += 1;
    if (from !== undefined && to !== undefined && !gives(from) && !takes(to)) moves.collateral += 1;
  }
  return moves;
}

const anyone = (): boolean => true;

function endpointsOf(before: Snapshot, after: Snapshot): readonly Endpoint[] {
  const byId = new Map([...before.endpoints, ...after.endpoints].map((endpoint) => [endpoint.id, endpoint]));
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function weightsOf({ endpoints }: Snapshot): ReadonlyMap<EndpointId, number> {
  return new Map(endpoints.map(({ id, weight }) => [id, weight]));
}

function tallyOf(tallies: ReadonlyMap<EndpointId, Tally>, id: EndpointId | undefined): Tally | undefined {
  return id === undefined ? undefined : tallies.get(id);
}

/** What some gain by weight, or others lose: the two differ only where nobody was there before, or is afterwards. */
function neededShare(before: Snapshot, after: Snapshot): number {
  const [old, next] = [expectedShares(before.endpoints), expectedShares(after.endpoints)];
  const grown = (from: ReadonlyMap<EndpointId, number>, to: ReadonlyMap<EndpointId, number>): number =>
    [...to].reduce((sum, [id, share]) => sum + Math.max(0, share - (from.get(id) ?? 0)), 0);
  return Math.max(grown(old, next), grown(next, old));
}
