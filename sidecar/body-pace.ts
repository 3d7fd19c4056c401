/** `min_body_rate`: whether a request body keeps coming, judged over spans so that a short stall is none. */

/** Length of a span in milliseconds. */
export const BODY_SPAN_MS = 5_000;

/** Times are milliseconds of any monotonic clock. */
export class BodyPace {
  readonly #minBytesPerSecond: number;
  #from = 0;
  #bytes = 0;
  #isHeldBack = false;

  /** 0 turns it off. */
  constructor(minBytesPerSecond: number) {
    this.#minBytesPerSecond = minBytesPerSecond;
  }

  begin(now: number): void {
    this.#from = now;
    this.#bytes = 0;
    this.#isHeldBack = false;
  }

  count(bytes: number): void {
    this.#bytes += bytes;
  }

  /** It is we who do not read: the endpoint is slower than the client. */
  holdBack(): void {
    this.#isHeldBack = true;
  }

  /** The client may send again, from a fresh span on. */
  release(now: number): void {
    if (this.#isHeldBack) this.begin(now);
  }

  /** True when the span is over and too little came in it; a span that was long enough gives way to the next. */
  isTooSlow(now: number): boolean {
    const spanMs = now - this.#from;
    if (this.#isHeldBack || spanMs < BODY_SPAN_MS) return false;
    const isTooSlow = this.#bytes * 1_000 < this.#minBytesPerSecond * spanMs;
    this.begin(now);
    return isTooSlow;
  }
}
