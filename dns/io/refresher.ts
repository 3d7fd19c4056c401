/** Runs an action soon after each request, but at most once per pause: a storm of changes costs one answer per pause. */
import { ANSWER_PAUSE_MS } from '../../src/failover-window.ts';

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
    }, ANSWER_PAUSE_MS);
    this.#action();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }
}
