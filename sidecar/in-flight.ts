/** Work in flight at each endpoint of a cluster, by slot: of one thread, or of all workers together. */

export interface InFlightView {
  /** What the whole process has at the endpoint of this slot. */
  of(slot: number): number;
  /** What the whole process has at all endpoints together, those that left included. */
  total(): number;
}

export interface InFlight extends InFlightView {
  enter(slot: number): void;
  leave(slot: number): void;
}

/** For a process whose data path is one thread. */
export class OwnInFlight implements InFlight {
  #counts = new Int32Array(16);
  #total = 0;

  total(): number {
    return this.#total;
  }

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
    this.#total += 1;
  }

  leave(slot: number): void {
    this.#counts[slot] = (this.#counts[slot] as number) - 1;
    this.#total -= 1;
  }
}

/** Slots of one cluster that workers can count; what discovery brings beyond them gets no work. */
export const MAX_SHARED_SLOTS = 65_536;

/** Behind its slots each row has its total, and room that keeps it apart from the next row's first slots. */
const ROW_LENGTH = MAX_SHARED_SLOTS + 32;

/** A row per worker. Zeroed memory that nobody has touched costs nothing, so all slots are there from the start. */
export function inFlightTable(rows: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(rows * ROW_LENGTH * Int32Array.BYTES_PER_ELEMENT));
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
    this.#start = row * ROW_LENGTH;
  }

  of(slot: number): number {
    return inFlightAt(this.#table, slot);
  }

  total(): number {
    return sumOfRows(this.#table, MAX_SHARED_SLOTS);
  }

  enter(slot: number): void {
    this.#add(slot, 1);
  }

  leave(slot: number): void {
    this.#add(slot, -1);
  }

  #add(slot: number, change: 1 | -1): void {
    const at = this.#start + slot;
    const total = this.#start + MAX_SHARED_SLOTS;
    this.#table[at] = (this.#table[at] as number) + change;
    this.#table[total] = (this.#table[total] as number) + change;
  }
}

/** For a thread without a row of its own. */
export function viewInFlight(table: Int32Array): InFlightView {
  return { of: (slot) => inFlightAt(table, slot), total: () => sumOfRows(table, MAX_SHARED_SLOTS) };
}

/** The sum over all workers. */
export function inFlightAt(table: Int32Array, slot: number): number {
  return slot >= MAX_SHARED_SLOTS ? 0 : sumOfRows(table, slot);
}

function sumOfRows(table: Int32Array, column: number): number {
  let sum = 0;
  for (let at = column; at < table.length; at += ROW_LENGTH) sum += table[at] as number;
  return sum;
}

/** Forgets what a worker had in flight; only once its thread has ended. */
export function clearInFlight(table: Int32Array, row: number): void {
  table.fill(0, row * ROW_LENGTH, (row + 1) * ROW_LENGTH);
}
