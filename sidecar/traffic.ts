/**
 * Counters of the data path: plain slots in typed arrays; names and labels appear only when somebody reads them.
 * Where the arrays come from is the caller's business: with several workers they are shared memory that the control
 * thread reads, and each is written by one worker only.
 */
import { REASON_NAMES, type Reason } from '../src/error.ts';

/** Upper bounds of the request duration histogram, in seconds. */
export const DURATION_BOUNDS_SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const;

const BOUNDS_MS = Float64Array.from(DURATION_BOUNDS_SECONDS, (seconds) => seconds * 1_000);

/** Statuses are 100…599; slot 0 counts connections that ended before a status could be sent. */
const STATUSES = 600;

/** Gives a zeroed array; `name` says what it holds, so that whoever shares it can find it again. */
export type NewCounts = (name: string, length: number) => Float64Array;

/** For a thread that reads its own counts. */
export const ownCounts: NewCounts = (_name, length) => new Float64Array(length);

/** The counts of a part, among those of a whole. */
export function within(newCounts: NewCounts, ...path: readonly string[]): NewCounts {
  return (name, length) => newCounts([...path, name].join('/'), length);
}

/** Finds counts by the name they were given; undefined where nobody asked for them. */
export type FindCounts = (name: string) => Float64Array | undefined;

/** What is found, or zeros: for showing counts of which some may not exist yet. */
export function reading(find: FindCounts, ...path: readonly string[]): NewCounts {
  return (name, length) => find([...path, name].join('/')) ?? new Float64Array(length);
}

/** Durations of one (listener, cluster). */
export class DurationHistogram {
  readonly counts: Float64Array;
  /** The buckets, and behind them the sum in milliseconds. */
  readonly #slots: Float64Array;

  constructor(newCounts = ownCounts) {
    this.#slots = newCounts('durations', BOUNDS_MS.length + 2);
    this.counts = this.#slots.subarray(0, BOUNDS_MS.length + 1);
  }

  get sumMs(): number {
    return this.#slots[BOUNDS_MS.length + 1] as number;
  }

  observe(ms: number): void {
    const slots = this.#slots;
    let i = 0;
    while (i < BOUNDS_MS.length && ms > (BOUNDS_MS[i] as number)) i += 1;
    slots[i] = (slots[i] as number) + 1;
    slots[BOUNDS_MS.length + 1] = (slots[BOUNDS_MS.length + 1] as number) + ms;
  }
}

/** Requests of one (listener, route): by status where an upstream answered, by status and reason where we did. */
export class RequestCounts {
  readonly forwarded: Float64Array;
  readonly #newCounts: NewCounts;
  readonly #refused = new Map<Reason, Float64Array>();

  constructor(newCounts = ownCounts) {
    this.#newCounts = newCounts;
    this.forwarded = newCounts('forwarded', STATUSES);
  }

  /** Those that somebody else has counted below `path`. */
  static found(find: FindCounts, ...path: readonly string[]): RequestCounts {
    const counts = new RequestCounts(reading(find, ...path));
    for (const reason of REASON_NAMES) {
      const refused = find([...path, reason].join('/'));
      if (refused !== undefined) counts.#refused.set(reason, refused);
    }
    return counts;
  }

  countForwarded(status: number): void {
    this.forwarded[status] = (this.forwarded[status] as number) + 1;
  }

  countRefused(reason: Reason, status: number): void {
    let counts = this.#refused.get(reason);
    if (counts === undefined) {
      // Most reasons never come up, and each takes 5 KB.
      counts = this.#newCounts(reason, STATUSES);
      this.#refused.set(reason, counts);
    }
    counts[status] = (counts[status] as number) + 1;
  }

  /** Every (status, reason) counted so far; reason is empty where an upstream answered, status 0 where none was sent. */
  *entries(): Generator<{ status: number; reason: Reason | ''; count: number }> {
    for (const [status, count] of this.forwarded.entries()) if (count > 0) yield { status, reason: '', count };
    for (const reason of REASON_NAMES) {
      for (const [status, count] of this.#refused.get(reason)?.entries() ?? []) {
        if (count > 0) yield { status, reason, count };
      }
    }
  }
}

/** What became of an attempt at an endpoint; the index is the slot in {@link EndpointCounts}. */
export const OUTCOMES = [
  '1xx',
  '2xx',
  '3xx',
  '4xx',
  '5xx',
  'connect_failed',
  'upstream_reset',
  'bad_response',
  'timeout',
  'cancelled',
] as const;

export type Outcome = (typeof OUTCOMES)[number];

export const OUTCOME_SLOT = Object.fromEntries(OUTCOMES.map((outcome, slot) => [outcome, slot])) as Readonly<
  Record<Outcome, number>
>;

/** Attempts at one endpoint, and its connections. */
export class EndpointCounts {
  readonly outcomes: Float64Array;
  /** Active, idle. */
  readonly #connections: Float64Array;

  constructor(newCounts = ownCounts) {
    this.outcomes = newCounts('outcomes', OUTCOMES.length);
    this.#connections = newCounts(gauge('connections'), 2);
  }

  get activeConnections(): number {
    return this.#connections[0] as number;
  }

  set activeConnections(count: number) {
    this.#connections[0] = count;
  }

  get idleConnections(): number {
    return this.#connections[1] as number;
  }

  set idleConnections(count: number) {
    this.#connections[1] = count;
  }

  countStatus(status: number): void {
    const slot = Math.floor(status / 100) - 1;
    this.outcomes[slot] = (this.outcomes[slot] as number) + 1;
  }

  count(outcome: Outcome): void {
    const slot = OUTCOME_SLOT[outcome];
    this.outcomes[slot] = (this.outcomes[slot] as number) + 1;
  }
}

/** What is counted of a cluster as a whole. */
export class ClusterCounts {
  /** Retries of requests that came to a good end, of those that did not; requests without a key. */
  readonly #slots: Float64Array;

  constructor(newCounts = ownCounts) {
    this.#slots = newCounts('requests', 3);
  }

  /** Attempts after the first, by what became of their requests. */
  get retries(): Readonly<Record<'success' | 'failure', number>> {
    return { success: this.#slots[0] as number, failure: this.#slots[1] as number };
  }

  /** Requests of a keyed policy that carried none of the key's parts. */
  get keyless(): number {
    return this.#slots[2] as number;
  }

  countRetries(outcome: 'success' | 'failure', count: number): void {
    const slot = outcome === 'success' ? 0 : 1;
    this.#slots[slot] = (this.#slots[slot] as number) + count;
  }

  countKeyless(): void {
    this.#slots[2] = (this.#slots[2] as number) + 1;
  }
}

/** Requests of a split that carried none of the parts of its key, and were drawn by chance. */
export class KeylessCount {
  readonly #slots: Float64Array;

  constructor(newCounts = ownCounts) {
    this.#slots = newCounts('keyless', 1);
  }

  get total(): number {
    return this.#slots[0] as number;
  }

  count(): void {
    this.#slots[0] = (this.#slots[0] as number) + 1;
  }
}

const GAUGE = '~';

/** The name of something that can go down: when the worker that counted it is gone, so is what it counted. */
export function gauge(name: string): string {
  return GAUGE + name;
}

export function isGauge(name: string): boolean {
  return name.slice(name.lastIndexOf('/') + 1).startsWith(GAUGE);
}
