/** The only clock of the control plane: monotonic, so that a change of the wall clock changes nothing. */

export interface Clock {
  /** Milliseconds from an arbitrary start; never goes back. */
  now(): number;
  /** Calls `action` once after `delayMs`, never at once and never early by `now`. Returns what calls it off. */
  after(delayMs: number, action: () => void): () => void;
}

export const realClock: Clock = {
  now: () => performance.now(),
  after: (delayMs, action) => {
    const dueMs = performance.now() + delayMs;
    // Node counts whole milliseconds and is early by up to one, more often than not.
    const onTimeout = (): void => {
      const leftMs = dueMs - performance.now();
      if (leftMs > 0) timer = setTimeout(onTimeout, Math.ceil(leftMs));
      else action();
    };
    let timer = setTimeout(onTimeout, Math.ceil(delayMs));
    return () => clearTimeout(timer);
  },
};

/** Resolves after `delayMs`, or as soon as `signal` aborts; never rejects. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(delayMs, done);
    signal.addEventListener('abort', done);
  });
}
