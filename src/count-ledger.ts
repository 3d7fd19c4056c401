/** The counts of all workers by name, added up when somebody asks; a worker that dies takes nothing away from them. */

interface Entry {
  /** The latest array of each worker; written by the worker while we read. */
  readonly live: Map<number, Float64Array>;
  /** What workers that are gone had counted. */
  past: Float64Array | undefined;
}

export class CountLedger {
  readonly #isGauge: (name: string) => boolean;
  readonly #entries = new Map<string, Entry>();

  /** `isGauge` says of a name that it holds what there is and not what there was: it goes with its worker. */
  constructor(isGauge: (name: string) => boolean = () => false) {
    this.#isGauge = isGauge;
  }

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
      if (!this.#isGauge(name)) entry.past = sumOf({ live: new Map([[worker, counts]]), past: entry.past });
      entry.live.delete(worker);
    }
  }

  /** Drops every name that `isGone` says is of no use any more. */
  forget(isGone: (name: string) => boolean): void {
    for (const name of this.#entries.keys()) if (isGone(name)) this.#entries.delete(name);
  }
}

/** As long as the longest: a worker that counts more than before may have told of it before the others. */
function sumOf({ live, past }: Entry): Float64Array | undefined {
  const all = past === undefined ? [...live.values()] : [past, ...live.values()];
  if (all.length === 0) return undefined;
  const sum = new Float64Array(Math.max(...all.map((counts) => counts.length)));
  for (const counts of all) {
    for (let i = 0; i < counts.length; i += 1) sum[i] = (sum[i] as number) + (counts[i] ?? 0);
  }
  return sum;
}
