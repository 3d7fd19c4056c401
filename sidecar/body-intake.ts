/** The body of the request under way: how much of it has come, at what pace, and what of it is held before it goes on. */
import { BodyPace } from './body-pace.ts';
import { HeldBody } from './held-body.ts';
import type { HeadIntake } from './http1/head-intake.ts';
import type { Interests } from './http1/interests.ts';
import { RequestBody } from './http1/request-body.ts';
import type { RequestHead } from './http1/request-head.ts';

export class BodyIntake {
  readonly pace: BodyPace;
  readonly #body = new RequestBody();
  #held: HeldBody | undefined;

  constructor(minBytesPerSecond: number) {
    this.pace = new BodyPace(minBytesPerSecond);
  }

  /** True where there is one. */
  begin(head: RequestHead): boolean {
    return this.#body.begin(head);
  }

  get isDone(): boolean {
    return this.#body.isDone;
  }

  /** Kept trailer lines of a chunked body; undefined for one of known length. */
  get trailers(): string | undefined {
    return this.#body.trailers;
  }

  /** Something of it is held. */
  get isHeld(): boolean {
    return this.#held !== undefined && this.#held.size > 0;
  }

  /** The part of `bytes` to pass on, undefined where the body is malformed; what comes behind it goes to `behind`. */
  read(bytes: Buffer, behind: HeadIntake): Buffer | undefined {
    this.pace.count(bytes.length);
    const passed = this.#body.read(bytes);
    if (passed !== undefined && this.isDone && this.#body.end < bytes.length) {
      behind.push(bytes.subarray(this.#body.end));
    }
    return passed;
  }

  /** Holds what has been read. True once `head` knows what the body has for it: it is whole, or too large. */
  hold(passed: Buffer, head: RequestHead, { json }: Interests): boolean {
    if (json === undefined) return true;
    this.#held ??= new HeldBody(json.maxBytes);
    if (!this.#held.push(passed)) head.body.giveUp();
    else if (this.isDone) head.body.read(this.#held.data(head.chunked), json);
    else return false;
    return true;
  }

  /** All that is held, to go on now; undefined where nothing is. */
  takeHeld(): Buffer | undefined {
    return this.#held?.take();
  }
}
