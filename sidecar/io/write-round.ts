/** Those who have something to write, until the loop has read what there was to read, or there are many of them. */

/** The first of many should not wait for the last: so many at most are held back. */
const MAX_HELD = 16;

export class WriteRound<Writer> {
  readonly #flush: (writer: Writer) => void;
  readonly #writers: Writer[] = [];
  #isScheduled = false;

  constructor(flush: (writer: Writer) => void) {
    this.#flush = flush;
  }

  add(writer: Writer): void {
    this.#writers.push(writer);
    if (this.#writers.length >= MAX_HELD) this.#end();
    else if (!this.#isScheduled) {
      this.#isScheduled = true;
      // Comes right after the loop's reads.
      setImmediate(this.#onImmediate);
    }
  }

  readonly #onImmediate = (): void => {
    this.#isScheduled = false;
    this.#end();
  };

  #end(): void {
    const writers = this.#writers;
    // A flush adds no one: what it writes is gone, or waits in the socket.
    for (const writer of writers) this.#flush(writer);
    writers.length = 0;
  }
}
