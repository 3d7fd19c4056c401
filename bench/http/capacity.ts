/**
 * What several threads could carry on cores of their own, from the CPU time that a request costs: on a machine where
 * load and upstream share the cores, requests per second alone do not tell.
 */

export interface ThreadTimes {
  readonly answers: number;
  /** CPU microseconds by thread. */
  readonly threads: ReadonlyMap<string, number>;
}

export interface RequestCost {
  /** CPU microseconds of all threads together. */
  readonly cpuMicros: number;
  /** Those of the thread with the most. */
  readonly busiestMicros: number;
  /** Shares of the `count` busiest threads and of all others together, 0 to 1. */
  readonly shares: readonly number[];
}

/** Of one turn: what each thread used by the answers of all. */
export function costOf({ answers, threads }: ThreadTimes, count: number): RequestCost {
  const times = [...threads.values()].toSorted((a, b) => b - a);
  const all = times.reduce((sum, micros) => sum + micros, 0);
  const [busiest, others] = [times.slice(0, count), times.slice(count).reduce((sum, micros) => sum + micros, 0)];
  return {
    cpuMicros: all / answers,
    busiestMicros: (times[0] ?? 0) / answers,
    shares: [...busiest, others].map((micros) => (all === 0 ? 0 : micros / all)),
  };
}

/**
 * Requests per second on `cores` with nothing else on them. Two things end it: all cores are full, or the busiest
 * thread fills its one, because it got more than its share of the connections.
 */
export function capacityOf({ cpuMicros, busiestMicros }: RequestCost, cores: number): number {
  return 1e6 * Math.min(cores / cpuMicros, 1 / busiestMicros);
}

/** What each thread used between two readings; a thread that has ended since is not in it. */
export function timesBetween(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  return new Map([...after].map(([thread, micros]) => [thread, micros - (before.get(thread) ?? 0)]));
}
