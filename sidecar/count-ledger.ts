/** The counts of all workers by name, added up when somebody asks; a worker that dies takes nothing away from them. */
import { isGauge } from './traffic.ts';

interface Entry {
  /** The latest array of each worker; written by the worker while we read. */
  readonly live: Map<number, Float64Array>;
  /** What workers that are gone had counted. */
  past: Float64Array | undefined;
}

export class CountLedger {
  readonly #entries = new Map<string, Entry>();

  /** A worker counts `name` in `counts` from here on. */
  add(worker: number, name: string, counts: Float64Array): void {
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      entry = { live: new Map(), past: undefined };
      this.#entries.set(name, entry);
    }
    entry.live.set(worker, counts);
  }

  /** The sum over all workers, those that are gone included; undefined where nobody counts `name`. */
  find(name: string): Float64Array | undefined {
    const entry = this.#entries.get(name);
    return entry === undefined ? undefined : sumOf(entry);
  }

  /** A worker is gone: what it counted stays, what it held does not. */
  retire(worker: number): void {
    for (const [name, entry] of this.#entries) {
      const counts = entry.live.get(worker);
      if (counts === undefined) continue;
      if (!isGauge(name)) entry.past = sumOf({ live: new Map([[worker, counts]]), past: entry.past });
      entry.live.delete(worker);
    }
  }

  /** Drops every name that `isGone` says is of no use any more. */
  forget(isGone: (name: string) => boolean): void {
    for (const name of this.#entries.keys()) if (isGone(name)) this.#entries.delete(name);
  }
}

function sumOf({ live, past }: Entry): Float64Array | undefined {
  let sum = past === undefined ? undefined : Float64Array.from(past);
  for (const counts of live.values()) {
    if (sum === undefined) sum = Float64Array.from(counts);
    else for (let i = 0; i < sum.length; i += 1) sum[i] = (sum[i] as number) + (counts[i] ?? 0);
  }
  return sum;
}
