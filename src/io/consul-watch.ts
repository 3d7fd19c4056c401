/** Watches one service in Consul by blocking queries, for as long as it is open and whatever Consul does. */
import { type BackoffLimits, backoffMs } from '../backoff.ts';
import { readAnswer } from '../consul/answer.ts';
import { type ConsulIndex, FROM_START, nextIndex } from '../consul/cursor.ts';
import { deadlineMs, type HealthQuery, healthPath } from '../consul/health-query.ts';
import { FRESH_PACE, nextQuestion, PACE, type PaceRules } from '../consul/pace.ts';
import type { DiscoveryUpdate } from '../discovery.ts';
import { type DiscoveredEndpoint, sameEndpoints } from '../endpoint.ts';
import { type Clock, pause } from './clock.ts';
import type { ConsulClient } from './consul-client.ts';

export const CONSUL_BACKOFF: BackoffLimits = { baseMs: 200, maxMs: 30_000 };

export interface ConsulWatchOptions {
  readonly client: ConsulClient;
  readonly query: HealthQuery;
  readonly portOptional: boolean;
  /** Gets every answer, equal ones too, and every failure. Never called from within {@link watchConsul}. */
  readonly onUpdate: (update: DiscoveryUpdate) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly pace?: PaceRules;
  readonly backoff?: BackoffLimits;
}

export interface ConsulWatch {
  /** Where the watch stands, as Consul sent it; undefined before the first answer and after a failure. */
  readonly index: string | undefined;
  /** No update comes after this has been called. */
  close(): void;
}

export function watchConsul(options: ConsulWatchOptions): ConsulWatch {
  const watch = new BlockingWatch(options);
  void watch.run();
  return watch;
}

class BlockingWatch implements ConsulWatch {
  readonly #options: ConsulWatchOptions;
  readonly #closing = new AbortController();
  readonly #leave: () => void;
  #index: ConsulIndex = FROM_START;
  #endpoints: readonly DiscoveredEndpoint[] | undefined;
  #unchanged = false;
  #failures = 0;
  #pace = FRESH_PACE;

  constructor(options: ConsulWatchOptions) {
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
      const update = await this.#ask();
      if (signal.aborted) return;
      this.#options.onUpdate(update);
      if (update.kind === 'failed') await this.#backOff();
    }
  }

  async #waitForTurn(): Promise<void> {
    const { clock, random, pace = PACE } = this.#options;
    const next = nextQuestion(this.#pace, { nowMs: clock.now(), unchanged: this.#unchanged, random: random() }, pace);
    this.#pace = next.pace;
    if (next.delayMs > 0) await pause(clock, next.delayMs, this.#closing.signal);
  }

  async #ask(): Promise<DiscoveryUpdate> {
    const { client, query, portOptional } = this.#options;
    const waitMs = client.waitMs();
    const asked = this.#index;
    try {
      const answer = await client.get(healthPath(query, asked, waitMs), {
        deadlineMs: deadlineMs(asked, waitMs),
        signal: this.#closing.signal,
        blocking: asked !== FROM_START,
      });
      const update = readAnswer(answer, { portOptional });
      if (update.kind === 'endpoints') this.#note(update.endpoints, nextIndex(asked, answer.header('x-consul-index')));
      return update;
    } catch (error) {
      return { kind: 'failed', error: error as Error };
    }
  }

  #note(endpoints: readonly DiscoveredEndpoint[], index: ConsulIndex): void {
    this.#unchanged = this.#endpoints !== undefined && sameEndpoints(this.#endpoints, endpoints);
    this.#endpoints = endpoints;
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
