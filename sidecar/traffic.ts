/** Counters of the data path: plain slots in typed arrays; names and labels appear only when somebody reads them. */
import { REASON_NAMES, type Reason } from '../src/error.ts';

/** Upper bounds of the request duration histogram, in seconds. */
export const DURATION_BOUNDS_SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const;

const BOUNDS_MS = Float64Array.from(DURATION_BOUNDS_SECONDS, (seconds) => seconds * 1_000);

/** Statuses are 100…599; slot 0 counts connections that ended before a status could be sent. */
const STATUSES = 600;

/** Durations of one (listener, cluster). */
export class DurationHistogram {
  readonly counts = new Float64Array(BOUNDS_MS.length + 1);
  sumMs = 0;

  observe(ms: number): void {
    let i = 0;
    while (i < BOUNDS_MS.length && ms > (BOUNDS_MS[i] as number)) i += 1;
    this.counts[i] = (this.counts[i] as number) + 1;
    this.sumMs += ms;
  }
}

/** Requests of one (listener, route): by status where an upstream answered, by status and reason where we did. */
export class RequestCounts {
  readonly forwarded = new Float64Array(STATUSES);
  readonly #refused = new Map<Reason, Float64Array>();

  countForwarded(status: number): void {
    this.forwarded[status] = (this.forwarded[status] as number) + 1;
  }

  countRefused(reason: Reason, status: number): void {
    let counts = this.#refused.get(reason);
    if (counts === undefined) {
      counts = new Float64Array(STATUSES);
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
  readonly outcomes = new Float64Array(OUTCOMES.length);
  activeConnections = 0;
  idleConnections = 0;

  countStatus(status: number): void {
    const slot = Math.floor(status / 100) - 1;
    this.outcomes[slot] = (this.outcomes[slot] as number) + 1;
  }

  count(outcome: Outcome): void {
    const slot = OUTCOME_SLOT[outcome];
    this.outcomes[slot] = (this.outcomes[slot] as number) + 1;
  }
}
