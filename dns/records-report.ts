/** `records` of the body of `/clusters`: what each balanced name answers now, out of which pool, and why. */
import type { BalancedRecordConfig } from '../src/config/dns.ts';
import type { BalancedRecord, Standing } from './balanced-record.ts';
import { type Serving, servingOf } from './balanced-sets.ts';
import type { Basis } from './failover.ts';
import type { PoolState } from './pool.ts';

export interface PoolReport {
  readonly name: string;
  /** Members that are up. */
  readonly up: number;
  readonly members: number;
  /** With fewer up it does not count as up. */
  readonly min_up: number;
  /** Members that are up and not counted as such because they are held. */
  readonly held: number;
  /** With policy `hash`, where weights are above this: they count as this. */
  readonly weight_limit?: number;
  /** Discovery has answered and each member has had its first verdict. */
  readonly settled: boolean;
  /** Its members are in the answer. */
  readonly in_use: boolean;
}

export interface RecordReport {
  readonly zone: string;
  readonly name: string;
  readonly policy: BalancedRecordConfig['policy'];
  /** What the addresses are (a word of the truth table in `failover.ts`). */
  readonly basis: Basis;
  /** What is answered, both families, in order. */
  readonly addresses: readonly string[];
  /** What one query gets of them. */
  readonly serving: Serving;
  /** That count, in the order of the addresses; null where no address counts for more than another. */
  readonly weights: readonly number[] | null;
  readonly ttl_seconds: number;
  /** Of the zone. */
  readonly serial: number;
  /** Changes of the addresses since the first answer. */
  readonly changes: number;
  /** One sentence: why these addresses and no others. */
  readonly why: string;
  /** In the order of the configuration. */
  readonly pools: readonly PoolReport[];
}

/** A balanced name at work. */
export interface ReportedRecord {
  readonly record: Pick<BalancedRecord, 'node' | 'changes' | 'standing'>;
  readonly config: BalancedRecordConfig;
}

/** In order of name, so that two reports can be compared line by line; without records that have never been looked at. */
export function reportRecords(records: readonly ReportedRecord[]): readonly RecordReport[] {
  const ordered = records.toSorted((a, b) => (a.record.node.name < b.record.node.name ? -1 : 1));
  return ordered.flatMap(({ record, config }) =>
    record.standing === undefined ? [] : [reportRecord(record, record.standing, config)],
  );
}

function reportRecord(
  { node, changes }: ReportedRecord['record'],
  { choice, pools: states, ttlSeconds }: Standing,
  config: BalancedRecordConfig,
): RecordReport {
  const { zone, name } = node;
  const serving = servingOf(config);
  const pools = states.map((state, place) => reportPool(config, state, place, choice.pools.includes(place)));
  return {
    zone: zone.name,
    name,
    policy: config.policy,
    basis: choice.basis,
    addresses: choice.addresses,
    serving,
    weights: serving === 'all' ? null : choice.weights,
    ttl_seconds: ttlSeconds,
    serial: zone.serial,
    changes,
    why: whyOf(choice.basis, pools),
    pools,
  };
}

function reportPool(
  config: BalancedRecordConfig,
  { members, settled, weightLimit }: PoolState,
  place: number,
  isInUse: boolean,
): PoolReport {
  const pool = config.pools[place];
  return {
    name: pool?.name ?? '',
    up: members.filter(({ verdict }) => verdict === 'up').length,
    members: members.length,
    min_up: pool?.min_up ?? 1,
    held: members.filter(({ held }) => held === true).length,
    ...(weightLimit === undefined ? {} : { weight_limit: weightLimit }),
    settled,
    in_use: isInUse,
  };
}

/** The rule that applied, and the counts that made it apply: of the pools in use, and of those passed over for them. */
function whyOf(basis: Basis, pools: readonly PoolReport[]): string {
  const last = basis === 'up' || basis === 'held' ? pools.findLastIndex((pool) => pool.in_use) : pools.length - 1;
  return `${RULES[basis]}: ${pools
    .slice(0, last + 1)
    .map(countsOf)
    .join(', ')}`;
}

function countsOf({ name, up, members, held, min_up: minUp, weight_limit: limit }: PoolReport): string {
  const notes = [
    ...(held > 0 ? [`${held} held`] : []),
    ...(minUp > 1 ? [`min_up ${minUp}`] : []),
    ...(limit === undefined ? [] : [`weights above ${limit} count as ${limit}`]),
  ];
  return `${name} ${up} of ${members}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`;
}

const RULES: Readonly<Record<Basis, string>> = {
  up: 'members that are up',
  too_few: 'no pool has its min_up, so the nearest to it',
  held: 'only members that are held are up',
  assumed: 'no verdict yet, taken to be up',
  all: 'no member is up, so every one',
  last_good: 'no member is up, so the last that were',
  configured: 'no member is up and none has been, so the first pool',
  none: 'no member is up, so nothing',
  unknown: 'no member is known, so SERVFAIL',
};
