/**
 * Who writes what is known of a cluster into `snapshot_dir`, so that one at a time does.
 *
 *   there are                                            | then writes
 *   -----------------------------------------------------|--------------------------------------------
 *   two processes, of which one takes the other's place  | the former one until it has given its place
 *   two clusters of one name in a process, over a reload | the one that has come last, while it is open
 */

export interface SnapshotWriter {
  /** It is its turn from here on: what it knows is to be on the disk. */
  onTurn(): void;
  /** Writes what waits to be written, and nothing from here on. Never rejects. */
  end(): Promise<void>;
}

export class SnapshotWriters {
  /** By cluster, in the order in which they have come. */
  readonly #writers = new Map<string, readonly SnapshotWriter[]>();
  #turn: 'another process' | 'ours' | 'over';

  /** `besideAnother`: another process writes until {@link takePlace}. */
  constructor({ besideAnother = false } = {}) {
    this.#turn = besideAnother ? 'another process' : 'ours';
  }

  join(cluster: string, writer: SnapshotWriter): void {
    this.#writers.set(cluster, [...(this.#writers.get(cluster) ?? []), writer]);
  }

  /** Who has the turn after it is told. */
  leave(cluster: string, writer: SnapshotWriter): void {
    const rest = (this.#writers.get(cluster) ?? []).filter((it) => it !== writer);
    if (rest.length === 0) this.#writers.delete(cluster);
    else this.#writers.set(cluster, rest);
    if (this.#turn === 'ours') rest.at(-1)?.onTurn();
  }

  isTurnOf(cluster: string, writer: SnapshotWriter): boolean {
    return this.#turn === 'ours' && this.#writers.get(cluster)?.at(-1) === writer;
  }

  /** The process before has written its last. */
  takePlace(): void {
    if (this.#turn !== 'another process') return;
    this.#turn = 'ours';
    for (const writers of this.#writers.values()) writers.at(-1)?.onTurn();
  }

  /** Resolves when all that is known is on the disk, or cannot be; nothing is written from here on. Never rejects. */
  async handOver(): Promise<void> {
    await Promise.all([...this.#writers.values()].flat().map((writer) => writer.end()));
    this.#turn = 'over';
  }
}
