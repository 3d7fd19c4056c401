/** Runs an action soon after each request, but at most once per pause: a storm of changes costs one answer per pause. */

/** Far below any interval of probes, and enough that 1,000 members that are probed at once are one change. */
const PAUSE_MS = 20;

export class Refresher {
  readonly #action: () => void;
  #timer: NodeJS.Timeout | undefined;
  #wanted = false;
  #closed = false;

  constructor(action: () => void) {
    this.#action = action;
  }

  /** Runs the action now if it has not run within the last pause, else at the end of that pause. */
  request(): void {
    if (this.#closed) return;
    this.#wanted = true;
    if (this.#timer === undefined) this.#run();
  }

  #run(): void {
    if (this.#closed) return;
    this.#wanted = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#wanted) this.#run();
    }, PAUSE_MS);
    this.#action();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }
}
