/** Runs an action soon after each request, but at most once per pause: a storm of changes costs one answer per pause. */
import { ANSWER_PAUSE_MS } from '../../src/failover-window.ts';

export class Refresher {
  readonly #action: () => void;
  #timer: NodeJS.Timeout | undefined;
  #wake: NodeJS.Timeout | undefined;
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

  /** Requests once more after `delayMs`, in place of what was asked for before; undefined asks for nothing. */
  requestAfter(delayMs: number | undefined): void {
    clearTimeout(this.#wake);
    if (this.#closed || delayMs === undefined) return;
    this.#wake = setTimeout(() => this.request(), Math.ceil(delayMs));
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
    clearTimeout(this.#wake);
  }
}
