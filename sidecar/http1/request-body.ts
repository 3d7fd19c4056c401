/** The body of a request on its way through: where it ends, and which of the bytes at hand belong to it. */
import { ChunkedReader } from './chunked.ts';
import type { RequestHead } from './request-head.ts';

export class RequestBody {
  #chunked: ChunkedReader | undefined;
  #isChunked = false;
  #left = 0;
  /** After {@link read}: offset behind the last byte that belongs to it. */
  end = 0;

  /** True where there is one. */
  begin(head: RequestHead): boolean {
    this.#isChunked = head.chunked;
    this.#left = head.contentLength;
    if (head.chunked) {
      this.#chunked ??= new ChunkedReader();
      this.#chunked.begin('chunks');
    }
    return head.chunked || head.contentLength > 0;
  }

  get isDone(): boolean {
    return this.#isChunked ? this.#chunked?.done === true : this.#left <= 0;
  }

  /** Kept trailer lines of a chunked body; undefined for one of known length. */
  get trailers(): string | undefined {
    return this.#isChunked ? this.#chunked?.trailers : undefined;
  }

  /**
   * The part of `bytes` to pass on, in the form in which it goes upstream (chunks stay chunks, without extensions and
   * before the trailer section); undefined where the body is malformed.
   */
  read(bytes: Buffer): Buffer | undefined {
    if (this.#isChunked) return this.#readChunked(bytes);
    this.end = Math.min(bytes.length, this.#left);
    this.#left -= this.end;
    return this.end === bytes.length ? bytes : bytes.subarray(0, this.end);
  }

  #readChunked(bytes: Buffer): Buffer | undefined {
    const chunked = this.#chunked as ChunkedReader;
    this.end = chunked.read(bytes, 0, bytes.length);
    if (chunked.failed) return undefined;
    const { ranges } = chunked;
    if (ranges.length <= 2) return bytes.subarray(ranges[0] ?? 0, ranges[1] ?? 0);
    const pieces: Buffer[] = [];
    for (let i = 0; i < ranges.length; i += 2) pieces.push(bytes.subarray(ranges[i], ranges[i + 1]));
    return Buffer.concat(pieces);
  }
}
