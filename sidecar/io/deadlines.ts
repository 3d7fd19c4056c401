/** One coarse timer for all time limits of the data path: a timer per request would cost more than the request's scan. */

/** Something with a time limit. Both are in milliseconds of {@link Deadlines.now}; Infinity is no limit. */
export interface Timed {
  deadlineAt: number;
  /** Called when `deadlineAt` has passed; sets a later one or ends its owner. Must not throw. */
  onDeadline(now: number): void;
}

/** Limits are kept to within this: never early, at most this much late. */
const TICK_MS = 100;

export class Deadlines {
  /** Monotonic milliseconds, as of the last tick: good for limits, too coarse for measuring. */
  now = performance.now();
  readonly #timed = new Set<Timed>();
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  add(timed: Timed): void {
    this.#timed.add(timed);
  }

  delete(timed: Timed): void {
    this.#timed.delete(timed);
  }

  /** The moment `ms` from now, late enough that a stale `now` never makes it early. */
  in(ms: number): number {
    return this.now + ms + TICK_MS;
  }

  /** For limits that begin after a standstill of the loop, when `now` is older than a tick. */
  refresh(): void {
    this.now = performance.now();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timed.clear();
  }

  #tick(): void {
    const now = performance.now();
    this.now = now;
    for (const timed of this.#timed) if (timed.deadlineAt <= now) timed.onDeadline(now);
  }
}
