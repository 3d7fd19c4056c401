/** How long the event loop stood still: the longest stand of late for the metrics, and a word about long ones. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** The recorded delays contain the resolution itself: the loop is looked at every so often. */
const RESOLUTION_MS = 20;
const WINDOW_MS = 1_000;
const WINDOWS = 15;

export interface LoopMonitorOptions {
  /** Called after each window of 1 s with its longest stand, in milliseconds. Must not throw. */
  readonly onWindow?: (longestMs: number) => void;
}

/** Keeps no process alive. */
export class LoopMonitor {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #longestMs: number[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(options: LoopMonitorOptions = {}) {
    this.#histogram.enable();
    this.#timer = setInterval(() => {
      const longestMs = this.#readWindow();
      this.#histogram.reset();
      this.#longestMs.push(longestMs);
      if (this.#longestMs.length > WINDOWS) this.#longestMs.shift();
      options.onWindow?.(longestMs);
    }, WINDOW_MS).unref();
  }

  /** The longest stand within the last 15 s, in milliseconds. */
  longestMs(): number {
    return Math.max(this.#readWindow(), ...this.#longestMs);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
  }

  #readWindow(): number {
    return this.#histogram.count === 0 ? 0 : Math.max(0, this.#histogram.max / 1e6 - RESOLUTION_MS);
  }
}
