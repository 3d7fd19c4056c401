/** One question to name servers, asked again when its answer has had its time; remembers the last answer. */
import { backoffMs } from '../backoff.ts';
import { LOOKUP_BACKOFF, NOTHING_TTL_SECONDS, nextLookupMs } from '../lookup-pace.ts';
import type { Clock } from './clock.ts';
import type { Lookup } from './name-lookups.ts';

export interface QuestionTime {
  readonly clock: Clock;
  readonly random: () => number;
}

export class NameQuestion<Found extends { readonly ttlSeconds: number }> {
  readonly #time: QuestionTime;
  #records: readonly Found[] | undefined;
  #failure: string | undefined;
  #failures = 0;
  #dueMs = Number.NEGATIVE_INFINITY;

  constructor(time: QuestionTime) {
    this.#time = time;
  }

  /** Of the last answer, which may be none; undefined where there was no answer yet. A failure changes nothing. */
  get records(): readonly Found[] | undefined {
    return this.#records;
  }

  /** Why the last attempt failed; undefined when it was answered. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** When it is to be asked again, by the clock. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** Is asked again at `dueMs` at the latest, unless it waits after a failure. */
  bringForward(dueMs: number): void {
    if (this.#failure === undefined) this.#dueMs = Math.min(this.#dueMs, dueMs);
  }

  /** Asks if it is time to. `ask` must not reject. */
  async refresh(ask: () => Promise<Lookup<Found>>): Promise<void> {
    const { clock, random } = this.#time;
    if (clock.now() < this.#dueMs) return;
    const lookup = await ask();
    if (lookup.kind === 'failed') {
      this.#failure = lookup.reason;
      this.#failures += 1;
      this.#dueMs = clock.now() + backoffMs(this.#failures, random(), LOOKUP_BACKOFF);
      return;
    }
    this.#failure = undefined;
    this.#failures = 0;
    this.#records = lookup.kind === 'found' ? lookup.records : [];
    const ttls = this.#records.map(({ ttlSeconds }) => ttlSeconds);
    this.#dueMs = clock.now() + nextLookupMs(ttls.length === 0 ? NOTHING_TTL_SECONDS : Math.min(...ttls), random());
  }
}
