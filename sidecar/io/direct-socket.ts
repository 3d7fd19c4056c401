/**
 * A socket whose writes go to the system past Node's stream of writes, and together with those of other sockets.
 *
 * - Past the stream, as long as nothing waits to be written, which is nearly always: the stream's bookkeeping (a request
 *   object, a callback and a tick for each write) costs a tenth of a request.
 * - Together, once the loop has read what there was to read: what is written to one socket in between becomes one
 *   write, and the kernel's way of writing is gone many times in a row, which saves a seventh of a request.
 *
 *   the system     | then
 *   ---------------|------------------------------------------------------------------------------------------
 *   took all       | nothing is left to do
 *   took a part    | libuv keeps the rest; what comes next queues behind it, and `drain` follows
 *   refused        | the socket is destroyed with the error, as the stream would do
 *
 * It stands on two parts of Node that are not its public interface: the handle's write methods and their request objects.
 * Where a release does not have them, every write goes through the stream. Measured in docs/benchmarks.md.
 */
import { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { WriteRound } from './write-round.ts';

/** Node's native request of one write. Used again as long as it was never queued: Node would end the process otherwise. */
interface WriteRequest {
  /** Positive from the moment when it is queued, and only then. The queue's size does not tell: it may be empty again. */
  getAsyncId(): number;
  oncomplete: (this: WriteRequest, status: number) => void;
  owner: DirectSocket | undefined;
  /** Keeps the bytes alive while the system reads them. */
  bytes: Uint8Array | undefined;
}

interface Handle {
  writeLatin1String(request: WriteRequest, text: string): number;
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number;
  /** TCP's alone. */
  reset?: unknown;
}

/** Text is not collected beyond this: it is about what the handle encodes without memory of its own. */
const MAX_TEXT = 16 * 1_024;

/** The constructor of Node's requests, learned from the first write that goes through a stream. */
let Request: (new () => WriteRequest) | undefined;
/** One that has not been queued. */
let spare: WriteRequest | undefined;

const round = new WriteRound<DirectSocket>((socket) => socket.flush());

export class DirectSocket extends Socket {
  /** Waits for the end of the round. */
  #text = '';
  /** What the system did not take at once has not gone out yet. */
  #isPending = false;
  #hasFailed = false;
  #onTaken: (() => void) | undefined;
  /** Ends the writing side, once what was queued has gone out. */
  #onIdle: (() => void) | undefined;
  #isShutting = false;
  #resetsNext = false;

  /** Whoever writes should wait for `drain`. */
  get needsDrain(): boolean {
    return this.#isPending || this.writableNeedDrain;
  }

  /** Writes text of one byte a character; false when the socket should have time to drain. */
  writeText(text: string): boolean {
    if (this.#text !== '') {
      this.#text += text;
      if (this.#text.length > MAX_TEXT) this.flush();
    } else if (this.#idleHandle() === undefined) {
      if (!this.#hasFailed) this.write(text, 'latin1');
    } else {
      this.#text = text;
      round.add(this);
    }
    return !this.needsDrain;
  }

  /**
   * Writes bytes that stay as they are until `onTaken`, which is called only where the answer is `later`; `now`: they are
   * not needed any more.
   */
  writeBytes(bytes: Uint8Array, onTaken: () => void): 'now' | 'later' {
    this.flush();
    const handle = this.#idleHandle();
    if (handle === undefined) {
      if (this.#hasFailed) return 'now';
      this.write(bytes, onTaken);
      return 'later';
    }
    const request = takeRequest();
    request.bytes = bytes;
    this.#written(request, handle.writeBuffer(request, bytes));
    if (!this.#isPending) return 'now';
    this.#onTaken = onTaken;
    return 'later';
  }

  /** Writes what waits for the end of the round. */
  flush(): void {
    const text = this.#text;
    if (text === '') return;
    this.#text = '';
    const handle = handleOf(this);
    if (handle === null) return;
    const request = takeRequest();
    this.#written(request, handle.writeLatin1String(request, text));
  }

  /** Waits for what is queued, as the stream would: libuv cannot reset a socket that is being shut down. */
  override _final(callback: (error?: Error | null) => void): void {
    this.flush();
    if (this.#isPending) {
      this.#onIdle = () => this._final(callback);
      return;
    }
    this.#isShutting = true;
    super._final((error) => {
      this.#isShutting = false;
      if (this.#resetsNext) this.resetAndDestroy();
      callback(error);
    });
  }

  /** Without the errors of the one it stands for: what cannot be reset, such as a unix socket, is destroyed. */
  override resetAndDestroy(): this {
    if (this.destroyed) return this;
    if (this.connecting || handleOf(this)?.reset === undefined) return this.destroy();
    if (!this.#isShutting) return super.resetAndDestroy();
    // Takes a turn of the loop.
    this.#resetsNext = true;
    return this;
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.#hasFailed) this.flush();
    super._destroy(error, callback);
  }

  /** The handle, where nothing waits in front of a write and nothing speaks against one. */
  #idleHandle(): Handle | undefined {
    const handle = handleOf(this);
    if (handle === null || this.#isPending || this.#hasFailed || this.connecting) return undefined;
    if (!this.writable || this.writableLength > 0) return undefined;
    if (Request === undefined) {
      learnRequest(handle);
      return undefined;
    }
    return handle;
  }

  #written(request: WriteRequest, status: number): void {
    if (status !== 0) {
      this.#fail(status);
    } else if (request.getAsyncId() < 0) {
      request.bytes = undefined;
      spare = request;
    } else {
      this.#isPending = true;
      request.owner = this;
      request.oncomplete = onComplete;
    }
  }

  /** What was queued has gone out, or never will. */
  completed(status: number): void {
    this.#isPending = false;
    const onTaken = this.#onTaken;
    this.#onTaken = undefined;
    onTaken?.();
    if (this.destroyed) return;
    if (status < 0) {
      this.#fail(status);
      return;
    }
    const onIdle = this.#onIdle;
    this.#onIdle = undefined;
    onIdle?.();
    if (!this.writableNeedDrain) this.emit('drain');
  }

  #fail(status: number): void {
    this.#hasFailed = true;
    const code = getSystemErrorName(status);
    this.destroy(Object.assign(new Error(`write ${code}`), { code, errno: status, syscall: 'write' }));
  }
}

function handleOf(socket: Socket): Handle | null {
  return (socket as unknown as { _handle: Handle | null })._handle;
}

function onComplete(this: WriteRequest, status: number): void {
  const { owner } = this;
  this.owner = this.bytes = undefined;
  owner?.completed(status);
}

function takeRequest(): WriteRequest {
  const request = spare ?? new (Request as new () => WriteRequest)();
  spare = undefined;
  return request;
}

/** Looks at the next text that this handle's stream writes, once. */
function learnRequest(handle: Handle): void {
  // Being looked at already: its methods are its prototype's.
  if (Object.hasOwn(handle, 'writeLatin1String')) return;
  if (typeof handle.writeLatin1String !== 'function' || typeof handle.writeBuffer !== 'function') return;
  const inherited = handle.writeLatin1String.bind(handle);
  handle.writeLatin1String = (request, text) => {
    const Learned = request.constructor as new () => WriteRequest;
    if (typeof request.getAsyncId === 'function' && new Learned().getAsyncId() < 0) Request = Learned;
    handle.writeLatin1String = inherited;
    return inherited(request, text);
  };
}
