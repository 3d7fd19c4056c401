/** Keeps the last good set of one cluster in `snapshot_dir`. */
import type { DiscoveredEndpoint } from '../endpoint.ts';
import { readSavedSet, writeSavedSet } from '../saved-set.ts';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import { SavedFile } from './saved-file.ts';

export interface SavedEndpointsOptions {
  readonly dir: string;
  readonly cluster: string;
  /** What is asked for, in words that change when the question does. */
  readonly source: string;
  readonly clock: Clock;
  readonly log: Log;
}

export class SavedEndpoints {
  readonly #source: string;
  readonly #file: SavedFile<readonly DiscoveredEndpoint[]>;

  constructor({ dir, cluster, source, clock, log }: SavedEndpointsOptions) {
    this.#source = source;
    const parse = (text: string) => readSavedSet(text, source);
    this.#file = new SavedFile({ dir, name: cluster, what: 'endpoints', fields: { cluster }, parse, clock, log });
  }

  /** The set of an earlier run; undefined where there is none to use. Never rejects. */
  load(): Promise<readonly DiscoveredEndpoint[] | undefined> {
    return this.#file.load();
  }

  /** Writes soon, at most once a second; of several sets within that time only the last. */
  save(endpoints: readonly DiscoveredEndpoint[]): void {
    this.#file.save(() => writeSavedSet(this.#source, endpoints));
  }

  /** Writes what is still waiting. */
  close(): Promise<void> {
    return this.#file.close();
  }
}
