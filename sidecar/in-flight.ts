/** Work in flight at each endpoint of a cluster, by slot: of one thread, or of all workers together. */

export interface InFlight {
  /** What the whole process has at the endpoint of this slot. */
  of(slot: number): number;
  enter(slot: number): void;
  leave(slot: number): void;
}

/** For a process whose data path is one thread. */
export class OwnInFlight implements InFlight {
  #counts = new Int32Array(16);

  of(slot: number): number {
    return this.#counts[slot] ?? 0;
  }

  enter(slot: number): void {
    if (slot >= this.#counts.length) {
      const larger = new Int32Array(Math.max(slot + 1, this.#counts.length * 2));
      larger.set(this.#counts);
      this.#counts = larger;
    }
    this.#counts[slot] = (this.#counts[slot] as number) + 1;
  }

  leave(slot: number): void {
    this.#counts[slot] = (this.#counts[slot] as number) - 1;
  }
}

/** Slots of one cluster that workers can count; what discovery brings beyond them gets no work. */
export const MAX_SHARED_SLOTS = 65_536;

/** A row per worker. Zeroed memory that nobody has touched costs nothing, so all slots are there from the start. */
export function inFlightTable(rows: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(rows * MAX_SHARED_SLOTS * Int32Array.BYTES_PER_ELEMENT));
}

/**
 * One worker's share of a table: it alone writes its row, everyone reads all rows. So no count is ever lost, and what
 * a worker that died has left behind goes when its row is cleared.
 */
export class SharedInFlight implements InFlight {
  readonly #table: Int32Array;
  readonly #start: number;

  constructor(table: Int32Array, row: number) {
    this.#table = table;
    this.#start = row * MAX_SHARED_SLOTS;
  }

  of(slot: number): number {
    return inFlightAt(this.#table, slot);
  }

  enter(slot: number): void {
    const at = this.#start + slot;
    this.#table[at] = (this.#table[at] as number) + 1;
  }

  leave(slot: number): void {
    const at = this.#start + slot;
    this.#table[at] = (this.#table[at] as number) - 1;
  }
}

/** The sum over all workers. */
export function inFlightAt(table: Int32Array, slot: number): number {
  if (slot >= MAX_SHARED_SLOTS) return 0;
  let sum = 0;
  for (let at = slot; at < table.length; at += MAX_SHARED_SLOTS) sum += table[at] as number;
  return sum;
}

/** Forgets what a worker had in flight; only once its thread has ended. */
export function clearInFlight(table: Int32Array, row: number): void {
  table.fill(0, row * MAX_SHARED_SLOTS, (row + 1) * MAX_SHARED_SLOTS);
}
