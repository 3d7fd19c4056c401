/** Whose command is next: a bounded number at a time, a share of it per cluster, and nobody who holds up all others. */

export interface TurnBounds {
  /** Of all clusters together. */
  readonly running: number;
  readonly perCluster: number;
  /** How many of `running` only clusters get that have none. */
  readonly kept: number;
}

/** The commands of one cluster. */
export interface TurnQueue {
  taken: number;
  /** Each is called once, with whether it is its turn; the first has waited longest. */
  readonly waiting: Set<(granted: boolean) => void>;
}

export class CommandTurns {
  readonly #bounds: TurnBounds;
  /** Those in which somebody waits; the first has gone longest without a turn. */
  readonly #queues = new Set<TurnQueue>();
  #taken = 0;

  constructor(bounds: TurnBounds) {
    this.#bounds = bounds;
  }

  /** True once there is room, which is then taken until {@link end}; false where `timeoutMs` or `signal` came first. */
  take(queue: TurnQueue, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    if (this.#hasRoom(queue)) {
      this.#count(queue, 1);
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const settle = (granted: boolean): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        queue.waiting.delete(settle);
        if (queue.waiting.size === 0) this.#queues.delete(queue);
        resolve(granted);
      };
      const giveUp = (): void => settle(false);
      const timer = setTimeout(giveUp, timeoutMs);
      signal.addEventListener('abort', giveUp);
      queue.waiting.add(settle);
      this.#queues.add(queue);
    });
  }

  end(queue: TurnQueue): void {
    this.#count(queue, -1);
    this.#grant();
  }

  #grant(): void {
    for (;;) {
      const queue = [...this.#queues].find((it) => this.#hasRoom(it));
      const [next] = queue?.waiting ?? [];
      if (queue === undefined || next === undefined) return;
      this.#count(queue, 1);
      next(true);
      // To the end of the line: the next turn is another cluster's.
      if (this.#queues.delete(queue)) this.#queues.add(queue);
    }
  }

  #hasRoom({ taken }: TurnQueue): boolean {
    const { running, perCluster, kept } = this.#bounds;
    return taken < perCluster && this.#taken < (taken === 0 ? running : running - kept);
  }

  #count(queue: TurnQueue, by: number): void {
    queue.taken += by;
    this.#taken += by;
  }
}
