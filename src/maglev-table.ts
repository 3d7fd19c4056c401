/**
 * The lookup table of Maglev hashing (Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer",
 * NSDI 2016, section 3.4): a key is one step away from its endpoint, and shares are as even as entries can be.
 *
 * Each endpoint goes through the table in an order of its own, `offset + i × skip`, both hashes of its id. The
 * endpoints take turns; in its turn one takes the first entry of its order that is free. One of half the greatest
 * weight has half as many turns, which the paper leaves open.
 */
import type { Endpoint } from './endpoint.ts';
import { bytesOf, murmur3, murmur3Words } from './hash.ts';
import { type OwnerTable, ownerArray, possibleOwners } from './owner-table.ts';
import { Visited } from './visited.ts';

/** Entries; prime, so that every skip reaches every entry. The paper's smaller size: enough for 650 endpoints at 1 %. */
export const MAGLEV_TABLE_SIZE = 65_537;

/** Any two numbers would do; others would move keys. */
const OFFSET_SEED = 0x6d61_676c;
const SKIP_SEED = 0x6576_3136;

/** `owners` has {@link MAGLEV_TABLE_SIZE} entries, or none without endpoints. */
export type MaglevTable = OwnerTable;

export function buildMaglevTable(all: readonly Endpoint[]): MaglevTable {
  const endpoints = possibleOwners(all);
  const owners = ownerArray(endpoints.length, endpoints.length === 0 ? 0 : MAGLEV_TABLE_SIZE);
  if (endpoints.length > 0) fill(owners, endpoints);
  return { owners, endpoints, asked: new Visited(endpoints.length) };
}

function fill(owners: MaglevTable['owners'], endpoints: readonly Endpoint[]): void {
  const taken = new Uint8Array(MAGLEV_TABLE_SIZE);
  const ids = endpoints.map((endpoint) => bytesOf(endpoint.id));
  const next = Uint32Array.from(ids, (id) => murmur3(id, OFFSET_SEED) % MAGLEV_TABLE_SIZE);
  const skips = Uint32Array.from(ids, (id) => 1 + (murmur3(id, SKIP_SEED) % (MAGLEV_TABLE_SIZE - 1)));
  const turns = turnsByWeight(endpoints.map((endpoint) => endpoint.weight));
  for (let n = 0; n < MAGLEV_TABLE_SIZE; n += 1) {
    const owner = turns[n] as number;
    const skip = skips[owner] as number;
    let at = next[owner] as number;
    for (; taken[at] === 1; at = onward(at, skip));
    taken[at] = 1;
    owners[at] = owner;
    next[owner] = onward(at, skip);
  }
}

function onward(at: number, skip: number): number {
  const next = at + skip;
  return next >= MAGLEV_TABLE_SIZE ? next - MAGLEV_TABLE_SIZE : next;
}

/**
 * Who has which of the table's turns: the heaviest has one in each round, the others as many of theirs as their weight
 * is of its, spread evenly; within a round by index. Sorted by counting, so that 1 beside 65,535 costs no more than 1
 * beside 1.
 */
function turnsByWeight(weights: readonly number[]): Uint32Array {
  const most = weights.reduce((greatest, weight) => Math.max(greatest, weight), 0);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  // As many as give the table's size even if each endpoint had just missed its next turn.
  const rounds = Math.ceil(((MAGLEV_TABLE_SIZE + weights.length) * most) / total);
  const ends = new Uint32Array(rounds + 1);
  forEachTurn(weights, rounds, (round) => {
    ends[round] = (ends[round] as number) + 1;
  });
  for (let round = 1; round <= rounds; round += 1) ends[round] = (ends[round] as number) + (ends[round - 1] as number);
  const turns = new Uint32Array(ends[rounds] as number);
  // What was the end of the round before is where this one begins, and moves on with each of its turns.
  forEachTurn(weights, rounds, (round, i) => {
    const at = ends[round - 1] as number;
    turns[at] = i;
    ends[round - 1] = at + 1;
  });
  return turns;
}

/** Turn k of weight w is in round ⌈k × most / w⌉. */
function forEachTurn(weights: readonly number[], rounds: number, visit: (round: number, i: number) => void): void {
  const most = weights.reduce((greatest, weight) => Math.max(greatest, weight), 0);
  for (const [i, weight] of weights.entries()) {
    for (let turn = 1; ; turn += 1) {
      const round = Math.ceil((turn * most) / weight);
      if (round > rounds) break;
      visit(round, i);
    }
  }
}

/** The entry of a key. Those behind it are as good as drawn by lot: the keys of one that is down go to all others alike. */
export function maglevEntry(hash: number): number {
  return hash % MAGLEV_TABLE_SIZE;
}

/** Eight hex digits over ids and entries: equal wherever the table is. */
export function maglevFingerprint({ owners, endpoints }: MaglevTable): string {
  const ids = endpoints.map((endpoint) => murmur3(bytesOf(endpoint.id)));
  return murmur3Words(Uint32Array.from([...ids, ...owners]))
    .toString(16)
    .padStart(8, '0');
}
