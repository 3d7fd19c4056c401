/**
 * `max_connections` and `max_connections_per_client` of one listener over all workers. A row per worker: the number of
 * its connections, then a table of counters that client addresses fall into by their hash. A worker counts itself in
 * before it looks at the sum, so two that arrive at once can be refused both, but never let in both.
 */
import type { ListenerLimits } from '../src/config/listener.ts';
import { murmur3 } from '../src/hash.ts';

/**
 * Clients that share a counter are counted as one, which only ever makes the limit stricter; with 1,000 clients at a
 * time one in 65 shares. The seed is drawn at the start, so that nobody can choose an address to share with another.
 */
const CLIENT_COUNTERS = 65_536;
const ROW = CLIENT_COUNTERS + 1;

export function connectionTable(rows: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(rows * ROW * Int32Array.BYTES_PER_ELEMENT));
}

/** Open connections of all workers. */
export function connectionsIn(table: Int32Array): number {
  return sumAt(table, 0);
}

/** Forgets the connections of a worker; only once its thread has ended. */
export function clearConnections(table: Int32Array, row: number): void {
  table.fill(0, row * ROW, (row + 1) * ROW);
}

export interface SharedLimitOptions {
  readonly limits: Pick<ListenerLimits, 'max_connections' | 'max_connections_per_client'>;
  readonly table: Int32Array;
  readonly row: number;
  /** 32 random bits, the same in all workers. */
  readonly seed: number;
}

export class ProcessConnectionLimit {
  /** May be replaced at any time; connections that are in stay in. */
  bounds: SharedLimitOptions['limits'];
  readonly #options: SharedLimitOptions;
  readonly #start: number;

  constructor(options: SharedLimitOptions) {
    this.bounds = options.limits;
    this.#options = options;
    this.#start = options.row * ROW;
  }

  /** Counts a connection in; false where the process has no room for it. */
  enter(): boolean {
    return this.#enterAt(0, this.bounds.max_connections);
  }

  /** Counts a connection that has entered as the client's; false where the client has enough, and it has to leave. */
  enterAs(client: string): boolean {
    return this.#enterAt(this.#counterOf(client), this.bounds.max_connections_per_client);
  }

  /** A connection that has entered is gone; `client` is undefined where it was never counted as anybody's. */
  leave(client?: string): void {
    const { table } = this.#options;
    Atomics.sub(table, this.#start, 1);
    if (client !== undefined) Atomics.sub(table, this.#start + this.#counterOf(client), 1);
  }

  #enterAt(counter: number, max: number): boolean {
    const { table } = this.#options;
    Atomics.add(table, this.#start + counter, 1);
    if (sumAt(table, counter) <= max) return true;
    Atomics.sub(table, this.#start + counter, 1);
    return false;
  }

  #counterOf(client: string): number {
    return 1 + (murmur3(client, this.#options.seed) % CLIENT_COUNTERS);
  }
}

function sumAt(table: Int32Array, offset: number): number {
  let sum = 0;
  for (let at = offset; at < table.length; at += ROW) sum += Atomics.load(table, at);
  return sum;
}
