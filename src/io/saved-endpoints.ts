/** Keeps the last good set of one cluster in `snapshot_dir`. */
import type { DiscoveredEndpoint } from '../endpoint.ts';
import { readSavedSet, writeSavedSet } from '../saved-set.ts';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import { SavedFile } from './saved-file.ts';
import { type SnapshotWriter, SnapshotWriters } from './snapshot-writers.ts';

export interface SavedEndpointsOptions {
  readonly dir: string;
  readonly cluster: string;
  /** What is asked for, in words that change when the question does. */
  readonly source: string;
  /** One per process, shared by all clusters. Default: nobody else writes. */
  readonly writers?: SnapshotWriters | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export class SavedEndpoints implements SnapshotWriter {
  readonly #cluster: string;
  readonly #source: string;
  readonly #file: SavedFile<readonly DiscoveredEndpoint[]>;
  readonly #writers: SnapshotWriters;
  #latest: readonly DiscoveredEndpoint[] | undefined;

  constructor({ dir, cluster, source, writers = new SnapshotWriters(), clock, log }: SavedEndpointsOptions) {
    this.#cluster = cluster;
    this.#source = source;
    this.#writers = writers;
    const parse = (text: string) => readSavedSet(text, source);
    this.#file = new SavedFile({ dir, name: cluster, what: 'endpoints', fields: { cluster }, parse, clock, log });
    writers.join(cluster, this);
  }

  /** The set of an earlier run; undefined where there is none to use. Never rejects. */
  load(): Promise<readonly DiscoveredEndpoint[] | undefined> {
    return this.#file.load();
  }

  /** Writes soon, at most once a second; of several sets within that time only the last. Waits for its turn. */
  save(endpoints: readonly DiscoveredEndpoint[]): void {
    this.#latest = endpoints;
    this.onTurn();
  }

  onTurn(): void {
    const latest = this.#latest;
    if (latest === undefined || !this.#isOurTurn) return;
    // Another one's turn may have come until it is written.
    this.#file.save(() => (this.#isOurTurn ? writeSavedSet(this.#source, latest) : undefined));
  }

  end(): Promise<void> {
    return this.#file.end();
  }

  /** Writes what is still waiting. */
  async close(): Promise<void> {
    await this.#file.close();
    this.#writers.leave(this.#cluster, this);
  }

  get #isOurTurn(): boolean {
    return this.#writers.isTurnOf(this.#cluster, this);
  }
}
