/** How long the event loop stood still: the longest stand of late for the metrics, and a word about long ones. */

/** A stand this long is worth a line in the log. */
const LONG_STAND_MS = 500;

/** Node's own monitor does the same with a histogram of 370 KB, of which the longest is all that is asked for here. */
const RESOLUTION_MS = 20;
const WINDOW_MS = 1_000;
const WINDOWS = 15;

export interface LoopMonitorOptions {
  /** Called after each window of 1 s with its longest stand, in milliseconds, where that was a long one. Must not throw. */
  readonly onStand?: (longestMs: number) => void;
}

/** Keeps no process alive. */
export class LoopMonitor {
  readonly #longestMs: number[] = [];
  readonly #timers: readonly NodeJS.Timeout[];
  #lookedAtMs = performance.now();
  #longestOfWindowMs = 0;

  constructor(options: LoopMonitorOptions = {}) {
    const look = setInterval(() => this.#look(), RESOLUTION_MS);
    const window = setInterval(() => {
      const longestMs = this.#longestOfWindowMs;
      this.#longestOfWindowMs = 0;
      this.#longestMs.push(longestMs);
      if (this.#longestMs.length > WINDOWS) this.#longestMs.shift();
      if (longestMs > LONG_STAND_MS) options.onStand?.(longestMs);
    }, WINDOW_MS);
    this.#timers = [look.unref(), window.unref()];
  }

  /** The longest stand within the last 15 s, in milliseconds. */
  longestMs(): number {
    return Math.max(this.#longestOfWindowMs, ...this.#longestMs);
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** The timer is due every so often; whatever it is late by, the loop stood still for. */
  #look(): void {
    const nowMs = performance.now();
    const lateMs = nowMs - this.#lookedAtMs - RESOLUTION_MS;
    if (lateMs > this.#longestOfWindowMs) this.#longestOfWindowMs = lateMs;
    this.#lookedAtMs = nowMs;
  }
}
