/** A request body that is held until it is whole, because the route or the key goes by something in it. */
import { ChunkedReader } from './http1/chunked.ts';

/** What most JSON bodies need; a larger one doubles it, so that a length that is only claimed costs nothing. */
const FIRST_BYTES = 4 * 1_024;

export class HeldBody {
  readonly #maxBytes: number;
  #bytes: Buffer | undefined;
  #size = 0;

  /** Bytes of a body as it goes on: of a chunked one its chunks count, and not only what is in them. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#size;
  }

  /** Copies what has come. False once there is more than may be held: it is kept, and has to go on now. */
  push(bytes: Uint8Array): boolean {
    const size = this.#size + bytes.length;
    let held = this.#bytes ?? Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, size));
    if (size > held.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(size, Math.min(held.length * 2, this.#maxBytes)));
      held.copy(larger, 0, 0, this.#size);
      held = larger;
    }
    held.set(bytes, this.#size);
    this.#bytes = held;
    this.#size = size;
    return size <= this.#maxBytes;
  }

  /** The body without its chunks. */
  data(isChunked: boolean): Buffer {
    const held = this.#held();
    return isChunked ? unchunked(held) : held;
  }

  /** All that is held, to go on; nothing is held any more. Undefined where nothing was. */
  take(): Buffer | undefined {
    const held = this.#size === 0 ? undefined : this.#held();
    this.clear();
    return held;
  }

  clear(): void {
    this.#bytes = undefined;
    this.#size = 0;
  }

  #held(): Buffer {
    return (this.#bytes ?? Buffer.alloc(0)).subarray(0, this.#size);
  }
}

/** What is in the chunks of a well-formed body, up to its trailer section. */
function unchunked(bytes: Buffer): Buffer {
  const reader = new ChunkedReader();
  reader.begin('data');
  reader.read(bytes, 0, bytes.length);
  const { ranges } = reader;
  const pieces: Buffer[] = [];
  for (let i = 0; i < ranges.length; i += 2) pieces.push(bytes.subarray(ranges[i], ranges[i + 1]));
  return Buffer.concat(pieces);
}
