/** What an attempt has to send of a request's body: all that has come, as long as another attempt may need it. */
import { keepPiece } from './kept-pieces.ts';

/** A body is kept for another attempt up to this size. */
const MAX_REPLAY_BYTES = 64 * 1_024;

const NOTHING: readonly Buffer[] = [];

export class ReplayBody {
  #pieces: Buffer[] | undefined;
  #bytes = 0;
  /** All of it has come. */
  isWhole = false;
  /** Kept trailer lines of a chunked body that is whole; undefined otherwise. */
  trailers: string | undefined;

  begin(): void {
    this.#pieces = [];
    this.#bytes = 0;
    this.isWhole = false;
    this.trailers = undefined;
  }

  /** Another attempt can send all of it again. */
  get isKept(): boolean {
    return this.#pieces !== undefined;
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  /** It has reached the size at which the client should wait until there is a connection. */
  get isFull(): boolean {
    return this.#bytes > MAX_REPLAY_BYTES;
  }

  get pieces(): readonly Buffer[] {
    return this.#pieces ?? NOTHING;
  }

  /** Copied: others read into the buffer of a body under way. */
  push(bytes: Buffer): void {
    if (this.#pieces === undefined) return;
    keepPiece(this.#pieces, bytes);
    this.#bytes += bytes.length;
  }

  end(trailers: string | undefined): void {
    this.isWhole = true;
    this.trailers = trailers;
  }

  /** Sent, or not wanted any more: nothing is kept from here on. */
  drop(): void {
    this.#pieces = undefined;
  }
}
