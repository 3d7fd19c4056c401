/** Follows a DNS name: what it answers from moment to moment, and a client that goes where it points. */
import { Resolver } from 'node:dns/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { StatusError } from './users-traffic.ts';

const LOOK_EVERY_MS = 50;
const GIVE_UP_MS = 10_000;

export interface NameOptions {
  readonly name: string;
  /** `host:port` of the name server. */
  readonly server: string;
}

/** Asks the name server for the A records of a name every 50 ms, past every cache. */
export class NameWatch {
  /** Of the last answer that had any; in no order. */
  addresses: readonly string[] = [];
  /** Of the last answer that had any address. */
  ttlSeconds = 0;
  queries = 0;
  /** Why an answer had no address, or none came. */
  readonly bad: string[] = [];
  readonly #options: NameOptions;
  readonly #resolver = new Resolver({ timeout: 1_000, tries: 1 });
  readonly #closing = new AbortController();
  readonly #ended: Promise<void>;

  constructor(options: NameOptions) {
    this.#options = options;
    this.#resolver.setServers([options.server]);
    this.#ended = this.#look();
  }

  /** Resolves with the milliseconds until the answer was `address` alone; rejects when `signal` aborts or too late. */
  async whenAnswers(address: string, { withinMs, signal }: { withinMs: number; signal: AbortSignal }): Promise<number> {
    const begunAt = performance.now();
    while (this.addresses.length !== 1 || this.addresses[0] !== address) {
      if (performance.now() - begunAt > withinMs) {
        const answer = this.addresses.length === 0 ? 'nothing' : this.addresses.join(', ');
        throw new Error(`${this.#options.name} still answers ${answer}, not ${address}, after ${withinMs / 1_000} s`);
      }
      await sleep(10, undefined, { signal });
    }
    return performance.now() - begunAt;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#resolver.cancel();
    await this.#ended;
  }

  async #look(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      this.queries += 1;
      try {
        const records = await this.#resolver.resolve4(this.#options.name, { ttl: true });
        this.addresses = records.map(({ address }) => address);
        this.ttlSeconds = records[0]?.ttl ?? 0;
      } catch (error) {
        if (!signal.aborted) this.bad.push(error instanceof Error ? error.message : String(error));
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Counts of a client that follows a name. */
export interface FollowCounts {
  /** Requests whose first attempt met a balancer that was gone. */
  metDead: number;
  /** The longest that any request took because of that, in milliseconds. */
  longestMs: number;
}

/**
 * One request by name: where no connection can be made, or it is cut before an answer, the client asks the name again
 * until it points elsewhere. Rejects after 10 s.
 */
export async function askByName<T>(
  watch: Pick<NameWatch, 'addresses'>,
  counts: FollowCounts,
  ask: (address: string) => Promise<T>,
): Promise<T> {
  const begunAt = performance.now();
  const address = watch.addresses[0] ?? '';
  try {
    return await ask(address);
  } catch (error) {
    if (error instanceof StatusError) throw error;
    counts.metDead += 1;
    while (watch.addresses[0] === address) {
      if (performance.now() - begunAt > GIVE_UP_MS) throw error;
      await sleep(LOOK_EVERY_MS);
    }
    const answer = await ask(watch.addresses[0] ?? '');
    counts.longestMs = Math.max(counts.longestMs, performance.now() - begunAt);
    return answer;
  }
}
