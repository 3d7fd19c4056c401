/** How long a failed member of a balanced record can still be in use, at worst, for each way in which it can fail. */
import { balancedTtlSeconds } from '../answer-ttl.ts';
import { HOLD_MS } from '../consul/hold.ts';
import { LONGEST_PAUSE_MS } from '../consul/pace.ts';
import { formatSpan } from '../duration.ts';
import { ANSWER_PAUSE_MS, type FailoverWindow, probedWindow, servedTtls } from '../failover-window.ts';
import { LONGEST_LOOKUP_PAUSE_MS } from '../lookup-pace.ts';
import { longestCycleMs } from '../probe-pace.ts';
import type { BalancedRecordConfig } from './dns.ts';

type Probe = NonNullable<BalancedRecordConfig['probe']>;

/** killed: connections are refused · hung: they are accepted and nothing comes · cut: nothing comes back at all. */
export type Failure = 'killed' | 'hung' | 'cut';

const FAILURES: readonly Failure[] = ['killed', 'hung', 'cut'];

/** One way in which members of these pools can fail, and what follows. */
export interface RecordWindow {
  readonly failure: Failure;
  readonly pools: readonly string[];
  /**
   * calculated: all of it · unknown: someone else notices, and `window` is what comes behind that (its detection is 0) ·
   * never: nobody notices, or nobody could take over.
   */
  readonly outcome: 'calculated' | 'unknown' | 'never';
  /** How the detection comes about (`3 × 1s + 500ms`), or why there is none. */
  readonly why: string;
  /** Undefined for `never`. */
  readonly window: FailoverWindow | undefined;
}

/** One for each failure and each kind of pools that answers differently to it. */
export function recordWindows(record: BalancedRecordConfig): readonly RecordWindow[] {
  const pools = record.pools.map(({ name }) => name);
  // With `none` the name goes without an address then, which ends its use as well.
  if (hasOneMember(record) && record.when_all_down !== 'none') return never(pools, 'there is no other member');
  if (record.probe !== undefined) return probedWindows(record, record.probe, pools);
  const namesOf = (kind: 'consul' | 'names' | 'static'): string[] =>
    record.pools.filter(({ members }) => members[kind] !== undefined).map(({ name }) => name);
  const [consul, named, fixed] = [namesOf('consul'), namesOf('names'), namesOf('static')];
  return [
    ...(consul.length > 0 ? unprobedWindows(record, consul, BY_CONSUL) : []),
    ...(named.length > 0 ? unprobedWindows(record, named, BY_NAMES) : []),
    ...(fixed.length > 0 ? never(fixed, 'without a probe, members of a list are always up') : []),
  ];
}

/** The longest; undefined where that of any failure cannot be calculated: a time that leaves one out bounds nothing. */
export function worstWindow(windows: readonly RecordWindow[]): FailoverWindow | undefined {
  const known = windows.flatMap(({ outcome, window }) =>
    outcome === 'calculated' && window !== undefined ? window : [],
  );
  if (known.length < windows.length) return undefined;
  return known.toSorted((a, b) => b.totalMs - a.totalMs)[0];
}

/** Seconds of TTL from good health to the last failed probe but one; without a probe, of members from Consul. */
export function recordTtls({ probe, ttl }: BalancedRecordConfig): readonly number[] {
  const bounds = { minMs: ttl.min, maxMs: ttl.max };
  if (probe === undefined) return [balancedTtlSeconds(0, bounds.minMs, bounds.maxMs)];
  return servedTtls({ intervalMs: probe.interval, fall: probe.fall }, bounds);
}

function probedWindows({ ttl }: BalancedRecordConfig, probe: Probe, pools: readonly string[]): readonly RecordWindow[] {
  const { interval: intervalMs, timeout: timeoutMs, fall } = probe;
  const bounds = { minMs: ttl.min, maxMs: ttl.max };
  return FAILURES.map((failure): RecordWindow => {
    if (failure === 'hung' && probe.tcp !== undefined) {
      const why = 'a tcp probe does not notice: the kernel goes on accepting connections';
      return { failure, pools, outcome: 'never', why, window: undefined };
    }
    const timeouts = timeoutsOf(probe, failure);
    const window = probedWindow({ intervalMs, fall }, bounds, timeouts * timeoutMs);
    return { failure, pools, outcome: 'calculated', why: detectionText(probe, timeouts), window };
  });
}

/**
 * How many timeouts a failed probe takes. A command takes what it likes, whatever has failed, and may wait as long for its
 * turn where many of them run.
 */
function timeoutsOf(probe: Probe, failure: Failure): number {
  if (probe.exec !== undefined) return 2;
  return failure === 'killed' ? 0 : 1;
}

/** `3 × 1s + 500ms`; `1s + 2 × 1.1s + 1s` where a probe that times out holds up the next. */
function detectionText({ interval: intervalMs, timeout: timeoutMs, fall }: Probe, timeouts: number): string {
  const cycleMs = longestCycleMs(intervalMs, timeouts * timeoutMs);
  const [interval, cycle, timeout] = [intervalMs, cycleMs, timeoutMs].map(formatSpan);
  const probes = interval === cycle || fall === 1 ? `${fall} × ${interval}` : `${interval} + ${fall - 1} × ${cycle}`;
  return [probes, ...(timeouts === 0 ? [] : [timeouts === 1 ? timeout : `${timeouts} × ${timeout}`])].join(' + ');
}

interface Judge {
  readonly why: string;
  /** From its word until answers go by it. */
  readonly propagationMs: number;
}

const BY_CONSUL: Judge = {
  why: 'without a probe, only its check in Consul decides how soon a member is down',
  propagationMs: LONGEST_PAUSE_MS + ANSWER_PAUSE_MS,
};
/** Whose addresses are all gone, or most of them, is held besides. */
const BY_NAMES: Judge = {
  why: 'without a probe, a member is up for as long as its name has the address',
  propagationMs: LONGEST_LOOKUP_PAUSE_MS + HOLD_MS + ANSWER_PAUSE_MS,
};

/** What others will say can come at any moment, so these members have the shortest TTL. */
function unprobedWindows(
  { ttl }: BalancedRecordConfig,
  pools: readonly string[],
  { why, propagationMs }: Judge,
): readonly RecordWindow[] {
  const ttlMs = balancedTtlSeconds(0, ttl.min, ttl.max) * 1_000;
  const window = { detectionMs: 0, propagationMs, ttlMs, totalMs: propagationMs + ttlMs };
  return FAILURES.map((failure) => ({ failure, pools, outcome: 'unknown', why, window }));
}

function never(pools: readonly string[], why: string): readonly RecordWindow[] {
  return FAILURES.map((failure) => ({ failure, pools, outcome: 'never', why, window: undefined }));
}

/** How many members Consul or a name will have nobody knows. */
function hasOneMember({ pools }: BalancedRecordConfig): boolean {
  if (pools.some(({ members }) => members.static === undefined)) return false;
  const addresses = pools.flatMap(({ members }) =>
    (members.static ?? [])
      .map((member) => (typeof member === 'string' ? { address: member, weight: 1 } : member))
      .filter(({ weight }) => weight > 0)
      .map(({ address }) => address.toLowerCase()),
  );
  return new Set(addresses).size <= 1;
}
