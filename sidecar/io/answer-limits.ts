/** When an exchange has taken too long: before the answer its own limit, from then on silence of both sides. */
import type { Exchange } from './exchange.ts';

/** A FIN that follows its request this closely belongs to it: the client half-closes. */
const HALF_CLOSE_MS = 25;

export class AnswerLimits {
  /** The last moment at which anything moved in either direction. */
  activityAt: number;
  /** When the request under way had come whole, in milliseconds of the fine clock. */
  askedAt = 0;
  readonly #silenceMs: number;
  #dueFrom = 0;

  /** Times are in milliseconds of the coarse clock; `silenceMs` holds while no route has been found. */
  constructor(now: number, silenceMs: number) {
    this.activityAt = now;
    this.#silenceMs = silenceMs;
  }

  begin(now: number): void {
    this.#dueFrom = this.activityAt = now;
  }

  /** While a request body keeps coming its answer is not due. */
  bodyCame(now: number): void {
    this.#dueFrom = now;
  }

  /** Whether a FIN at `now` (fine clock) means that the client no longer waits. */
  isGivenUp(now: number): boolean {
    return now - this.askedAt > HALF_CLOSE_MS;
  }

  /** When `exchange` will have taken too long. */
  dueAt({ target, responseBegun }: Exchange): number {
    if (target === undefined) return this.activityAt + this.#silenceMs;
    return responseBegun ? this.activityAt + target.idleTimeoutMs : this.#dueFrom + target.requestTimeoutMs;
  }
}
