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

const ALONE: readonly Knob[] = [MAX_TTL, MIN_TTL, INTERVAL, FALL, TIMEOUT];

/**
 * What to change so that the record meets its target, as the end of a sentence: each value that would do alone, else the
 * shortest TTL together with the interval that this leaves, else that it takes more than these two.
 */
export function failoverFix(record: Probed, targetMs: number): string {
  const alone = ALONE.flatMap((knob) => fixBy(knob, record, targetMs));
  if (alone.length > 0) return `${alone.join(', or ')} would`;
  const shortest = MIN_TTL.with(record, Math.min(record.ttl.min, SHORTEST_TTL_MS));
  const [interval] = fixBy(INTERVAL, shortest, targetMs);
  if (interval !== undefined) return `ttl.min of ${formatSpan(shortest.ttl.min)} together with ${interval} would`;
  return 'ttl.min, probe.interval and probe.timeout all have to be shorter';
}

/** `ttl.max of at most 6s`, or nothing where no value of the knob does alone. */
function fixBy(knob: Knob, record: Probed, targetMs: number): readonly string[] {
  // The window never shrinks when one of its values grows, so the largest value that does can be bisected for.
  let [met, above] = [0, Math.ceil(knob.valueOf(record) / knob.step)];
  while (met + 1 < above) {
    const middle = Math.floor((met + above) / 2);
    if (totalOf(knob.with(record, middle * knob.step)) <= targetMs) met = middle;
    else above = middle;
  }
  const value = met * knob.step;
  return value < knob.leastFor(record) ? [] : [`${knob.name} of at most ${knob.format(value)}`];
}

function totalOf(record: Probed): number {
  return worstWindow(recordWindows(record))?.totalMs ?? Number.POSITIVE_INFINITY;
}
