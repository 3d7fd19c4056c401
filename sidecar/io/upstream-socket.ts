/**
 * A socket that outlives a failed write for a moment. An endpoint that answers early (413) and closes makes our next
 * write fail while its answer still waits to be read; Node would throw that answer away with the socket.
 */
import type { NetConnectOpts, SocketConstructorOpts } from 'node:net';
import { DirectSocket } from './direct-socket.ts';

export class UpstreamSocket extends DirectSocket {
  readonly #onWriteFailed: (error: NodeJS.ErrnoException) => boolean;
  #hasFailed = false;

  /** `onWriteFailed` tells whether the socket stays; it then has to destroy it once there is nothing left to read. */
  constructor(options: SocketConstructorOpts & NetConnectOpts, onWriteFailed: (error: Error) => boolean) {
    super(options);
    this.#onWriteFailed = onWriteFailed;
    this.connect(options);
  }

  /** It is there for what may still be read: nothing that is written goes out any more. */
  get isBroken(): boolean {
    return this.#hasFailed;
  }

  /** Once a write has failed, Node no longer tells of the end of what is read: `end` would never come. */
  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    const wantsMore = super.push(chunk, encoding);
    if (chunk === null && this.#hasFailed) super.destroy();
    return wantsMore;
  }

  override destroy(error?: NodeJS.ErrnoException): this {
    if (error?.syscall === 'write' && !this.#hasFailed && !this.destroyed) {
      this.#hasFailed = true;
      if (this.#onWriteFailed(error)) return this;
    }
    return super.destroy(error);
  }
}
