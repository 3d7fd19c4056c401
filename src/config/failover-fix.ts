/** Which values would meet a failover target that a record misses. Pure. */
import { formatSpan } from '../duration.ts';
import type { BalancedRecordConfig } from './dns.ts';
import { recordWindows, worstWindow } from './record-window.ts';

type Probed = BalancedRecordConfig & { readonly probe: NonNullable<BalancedRecordConfig['probe']> };

/** A value of the record that can be smaller. */
interface Knob {
  readonly name: string;
  readonly valueOf: (record: Probed) => number;
  readonly with: (record: Probed, value: number) => Probed;
  /** Smallest value that is worth naming and allowed. */
  readonly leastFor: (record: Probed) => number;
  /** Between the values that are tried. */
  readonly step: number;
  readonly format: (value: number) => string;
}

/** Resolvers differ in what they make of 0. */
const SHORTEST_TTL_MS = 1_000;

const MAX_TTL: Knob = {
  name: 'ttl.max',
  valueOf: ({ ttl }) => ttl.max,
  with: (record, max) => ({ ...record, ttl: { ...record.ttl, max } }),
  leastFor: ({ ttl }) => Math.max(SHORTEST_TTL_MS, ttl.min),
  step: 1_000,
  format: formatSpan,
};

const MIN_TTL: Knob = {
  ...MAX_TTL,
  name: 'ttl.min',
  valueOf: ({ ttl }) => ttl.min,
  with: (record, min) => ({ ...record, ttl: { ...record.ttl, min } }),
  leastFor: () => SHORTEST_TTL_MS,
};

const INTERVAL: Knob = {
  name: 'probe.interval',
  valueOf: ({ probe }) => probe.interval,
  with: (record, interval) => ({ ...record, probe: { ...record.probe, interval } }),
  leastFor: () => 50,
  step: 50,
  format: formatSpan,
};

const FALL: Knob = {
  name: 'probe.fall',
  valueOf: ({ probe }) => probe.fall,
  with: (record, fall) => ({ ...record, probe: { ...record.probe, fall } }),
  leastFor: () => 1,
  step: 1,
  format: String,
};

const TIMEOUT: Knob = {
  name: 'probe.timeout',
  valueOf: ({ probe }) => probe.timeout,
  with: (record, timeout) => ({ ...record, probe: { ...record.probe, timeout } }),
  leastFor: () => 50,
  step: 50,
  format: formatSpan,
};

/** Both at once: the interval, and a timeout of at most half of it. */
const PACE: Knob = {
  ...INTERVAL,
  // As it is, it may do with a shorter timeout.
  valueOf: ({ probe }) => probe.interval + 1,
  with: (record, interval) => {
    const timeout = Math.min(record.probe.timeout, interval / 2);
    return { ...record, probe: { ...record.probe, interval, timeout } };
  },
};

const ALONE: readonly Knob[] = [MAX_TTL, MIN_TTL, INTERVAL, FALL, TIMEOUT];

/**
 * What to change so that the record meets its target, as the end of a sentence: each value that would do alone, else the
 * shortest TTL together with the interval that this leaves, else with a shorter timeout besides, else the shortest target
 * that all of these could meet.
 */
export function failoverFix(record: Probed, targetMs: number): string {
  const alone = ALONE.flatMap((knob) => fixBy(knob, record, targetMs));
  if (alone.length > 0) return `${alone.join(', or ')} would`;
  const shortest = MIN_TTL.with(record, Math.min(record.ttl.min, SHORTEST_TTL_MS));
  const [interval] = fixBy(INTERVAL, shortest, targetMs);
  if (interval !== undefined) return `ttl.min of ${formatSpan(shortest.ttl.min)} together with ${interval} would`;
  const paceMs = largestBy(PACE, shortest, targetMs);
  if (paceMs !== undefined) return `${valuesOf(PACE.with(shortest, paceMs))} would`;
  const fastest = PACE.with(shortest, PACE.leastFor(shortest));
  const least = `failover_target of at least ${formatSpan(totalOf(fastest))}`;
  return `with probe.fall of ${record.probe.fall} only ${least} would, by ${valuesOf(fastest)}`;
}

/** `ttl.max of at most 6s`, or nothing where no value of the knob does alone. */
function fixBy(knob: Knob, record: Probed, targetMs: number): readonly string[] {
  const value = largestBy(knob, record, targetMs);
  return value === undefined ? [] : [`${knob.name} of at most ${knob.format(value)}`];
}

/** `ttl.min of 1s together with probe.interval of at most 850ms and probe.timeout of at most 425ms`. */
function valuesOf({ ttl, probe }: Probed): string {
  const [min, interval, timeout] = [ttl.min, probe.interval, probe.timeout].map(formatSpan);
  return `ttl.min of ${min} together with probe.interval of at most ${interval} and probe.timeout of at most ${timeout}`;
}

/** Below what it is now; undefined where no value does that may be set. */
function largestBy(knob: Knob, record: Probed, targetMs: number): number | undefined {
  // The window never shrinks when one of its values grows, so the largest value that does can be bisected for.
  let [met, above] = [0, Math.ceil(knob.valueOf(record) / knob.step)];
  while (met + 1 < above) {
    const middle = Math.floor((met + above) / 2);
    if (totalOf(knob.with(record, middle * knob.step)) <= targetMs) met = middle;
    else above = middle;
  }
  const value = met * knob.step;
  return value < knob.leastFor(record) ? undefined : value;
}

function totalOf(record: Probed): number {
  return worstWindow(recordWindows(record))?.totalMs ?? Number.POSITIVE_INFINITY;
}
