/** Watches one thing in Consul by blocking queries, for as long as it is open and whatever Consul does. */
import { type BackoffLimits, backoffMs } from '../backoff.ts';
import type { ConsulAnswer } from '../consul/answer.ts';
import { type ConsulIndex, FROM_START, nextIndex } from '../consul/cursor.ts';
import { deadlineMs } from '../consul/health-query.ts';
import { FRESH_PACE, nextQuestion, PACE, type PaceRules } from '../consul/pace.ts';
import { type Clock, pause } from './clock.ts';
import type { ConsulClient } from './consul-client.ts';

const CONSUL_BACKOFF: BackoffLimits = { baseMs: 200, maxMs: 30_000 };

/** What an answer says: something, or nothing that can be believed. */
export type Reading<Value> =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'failed'; readonly error: Error };

/** How a watch asks and waits; a test makes it hurry. */
export interface WatchTiming {
  readonly clock: Clock;
  readonly random: () => number;
  readonly pace?: PaceRules;
  readonly backoff?: BackoffLimits;
}

export interface BlockingWatchOptions<Value> extends WatchTiming {
  readonly client: ConsulClient;
  /** Request target of the query. */
  readonly pathAt: (index: ConsulIndex, waitMs: number) => string;
  /** Must not throw. */
  readonly read: (answer: ConsulAnswer) => Reading<Value>;
  readonly isSame: (a: Value, b: Value) => boolean;
  /** Gets every answer, equal ones too, and every failure. Never called from within {@link openBlockingWatch}. */
  readonly onReading: (reading: Reading<Value>) => void;
}

export interface ConsulWatch {
  /** Where the watch stands, as Consul sent it; undefined before the first answer and after a failure. */
  readonly index: string | undefined;
  /** No reading comes after this has been called. */
  close(): void;
}

export function openBlockingWatch<Value>(options: BlockingWatchOptions<Value>): ConsulWatch {
  const watch = new BlockingWatch(options);
  void watch.run();
  return watch;
}

class BlockingWatch<Value> implements ConsulWatch {
  readonly #options: BlockingWatchOptions<Value>;
  readonly #closing = new AbortController();
  readonly #leave: () => void;
  #index: ConsulIndex = FROM_START;
  #last: { readonly value: Value } | undefined;
  #unchanged = false;
  #failures = 0;
  #pace = FRESH_PACE;

  constructor(options: BlockingWatchOptions<Value>) {
    this.#options = options;
    this.#leave = options.client.openWatch();
  }

  get index(): string | undefined {
    return this.#index === FROM_START ? undefined : String(this.#index);
  }

  close(): void {
    this.#closing.abort(new Error('the watch is closed'));
    this.#leave();
  }

  async run(): Promise<void> {
    const { signal } = this.#closing;
    // Lets all watches of a start be counted before the first of them decides how long it may wait.
    await Promise.resolve();
    while (!signal.aborted) {
      await this.#waitForTurn();
      if (signal.aborted) return;
      const reading = await this.#ask();
      if (signal.aborted) return;
      this.#options.onReading(reading);
      if (reading.kind === 'failed') await this.#backOff();
    }
  }

  async #waitForTurn(): Promise<void> {
    const { clock, random, pace = PACE } = this.#options;
    const next = nextQuestion(this.#pace, { nowMs: clock.now(), unchanged: this.#unchanged, random: random() }, pace);
    this.#pace = next.pace;
    if (next.delayMs > 0) await pause(clock, next.delayMs, this.#closing.signal);
  }

  async #ask(): Promise<Reading<Value>> {
    const { client, pathAt, read } = this.#options;
    const waitMs = client.waitMs();
    const asked = this.#index;
    try {
      const answer = await client.get(pathAt(asked, waitMs), {
        deadlineMs: deadlineMs(asked, waitMs),
        signal: this.#closing.signal,
        blocking: asked !== FROM_START,
      });
      const reading = read(answer);
      if (reading.kind === 'value') this.#note(reading.value, nextIndex(asked, answer.header('x-consul-index')));
      return reading;
    } catch (error) {
      return { kind: 'failed', error: error as Error };
    }
  }

  #note(value: Value, index: ConsulIndex): void {
    this.#unchanged = this.#last !== undefined && this.#options.isSame(this.#last.value, value);
    this.#last = { value };
    this.#index = index;
    this.#failures = 0;
  }

  async #backOff(): Promise<void> {
    const { clock, random, backoff = CONSUL_BACKOFF } = this.#options;
    this.#failures += 1;
    // Whoever answers next may be a server that has counted anew; an index above its own would block without cause.
    this.#index = FROM_START;
    await pause(clock, backoffMs(this.#failures, random(), backoff), this.#closing.signal);
  }
}
