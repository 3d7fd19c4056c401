/**
 * Sends datagrams past node:dgram, which looks up, checks, lists and wraps each of them anew: a tenth of a query's cost.
 *
 *   the system | then
 *   -----------|--------------------------------------------------------------------------------
 *   took it    | nothing is left to do, and the request object serves again
 *   is full    | libuv keeps it; behind too many of those, more are left out
 *   refused    | `onFailed` is told, and nothing else happens
 *
 * It stands on two parts of Node that are not its public interface: the send method of a socket's handle and its request
 * objects. Both are learned from a datagram that node:dgram sends, and only where that looks as it is known to; in any
 * other release all datagrams go through node:dgram.
 */
import type { Socket } from 'node:dgram';
import { getSystemErrorName } from 'node:util';

/** Node's native request of one datagram. It becomes a part of the queue, and only then, where the system is full. */
interface SendRequest {
  oncomplete?: (this: SendRequest, status: number) => void;
  /** Keeps the bytes alive while they are queued. */
  bytes?: Uint8Array;
}

type HandleSend = (
  request: SendRequest,
  list: readonly Uint8Array[],
  count: number,
  port: number,
  address: string,
  tells: boolean,
) => number;

interface Handle {
  /** 0: queued; below 0: an error number; otherwise one more than the octets sent. */
  send: HandleSend;
}

/** Answers that wait for a system that is full: at most 1.2 MB. */
const MAX_QUEUED = 1_000;

export class DirectSender {
  readonly #socket: Pick<Socket, 'send'>;
  readonly #onFailed: (code: string) => void;
  readonly #list: Uint8Array[] = [];
  #handle: Handle | undefined;
  #Request: (new () => SendRequest) | undefined;
  /** One that has not been queued. */
  #request: SendRequest | undefined;
  #queued = 0;

  /** `socket` is bound; `onFailed` gets the system's name for what went wrong. */
  constructor(socket: Pick<Socket, 'send'>, onFailed: (code: string) => void) {
    this.#socket = socket;
    this.#onFailed = onFailed;
  }

  /** True once datagrams go past node:dgram. */
  get isDirect(): boolean {
    return this.#request !== undefined;
  }

  /** `bytes` stay as they are from now on; `address` is an IP address. */
  send(bytes: Buffer, port: number, address: string): void {
    const [handle, request] = [this.#handle, this.#request];
    if (handle === undefined || request === undefined) {
      this.#sendByNode(bytes, port, address);
      return;
    }
    if (this.#queued >= MAX_QUEUED) {
      this.#onFailed('ENOBUFS');
      return;
    }
    this.#list[0] = bytes;
    const status = handle.send(request, this.#list, 1, port, address, true);
    if (status > 0) return;
    // A request that was refused may have been in the queue for a moment.
    this.#request = this.#Request === undefined ? undefined : new this.#Request();
    if (status < 0) this.#onFailed(getSystemErrorName(status));
    else this.#wait(request, bytes);
  }

  #wait(request: SendRequest, bytes: Uint8Array): void {
    this.#queued += 1;
    request.bytes = bytes;
    request.oncomplete = (status) => {
      this.#queued -= 1;
      if (status < 0) this.#onFailed(getSystemErrorName(status));
    };
  }

  #sendByNode(bytes: Buffer, port: number, address: string): void {
    const handle = handleOf(this.#socket);
    const inherited = handle?.send;
    if (handle === undefined || inherited === undefined) {
      this.#socket.send(bytes, port, address);
      return;
    }
    handle.send = (...values) => {
      const status = inherited.apply(handle, values);
      if (looksKnown(values, { bytes, port, address, status })) this.#learn(handle, values[0]);
      return status;
    };
    this.#socket.send(bytes, port, address);
    handle.send = inherited;
  }

  #learn(handle: Handle, request: SendRequest): void {
    const Request = request.constructor as new () => SendRequest;
    this.#handle = handle;
    this.#Request = Request;
    this.#request = new Request();
  }
}

interface Sent {
  readonly bytes: Buffer;
  readonly port: number;
  readonly address: string;
  readonly status: number;
}

function looksKnown(values: readonly unknown[], { bytes, port, address, status }: Sent): boolean {
  const [request, list, count, toPort, to, tells] = values;
  return (
    values.length === 6 &&
    request?.constructor?.name === 'SendWrap' &&
    Array.isArray(list) &&
    list.length === 1 &&
    count === 1 &&
    toPort === port &&
    to === address &&
    typeof tells === 'boolean' &&
    status === bytes.length + 1
  );
}

function handleOf(socket: object): Handle | undefined {
  const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'state symbol');
  if (symbol === undefined) return undefined;
  const { handle } = (socket as Record<symbol, { handle?: Handle | null }>)[symbol] ?? {};
  return typeof handle?.send === 'function' ? handle : undefined;
}
