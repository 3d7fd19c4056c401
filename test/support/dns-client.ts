/** A small DNS client for tests: one question over UDP, or a TCP connection that sends any octets one likes. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Answer, query, readAnswer } from './dns-message.ts';

const DEADLINE_MS = 5_000;

/** `127.0.0.1:5300` → host and port; a name server's own address in its own words. */
export function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}

/** Sends one datagram and resolves with the first that comes back; undefined when none has come in time. */
export async function exchangeUdp(
  address: string,
  bytes: Buffer,
  deadlineMs = DEADLINE_MS,
): Promise<Buffer | undefined> {
  const { host, port } = hostAndPort(address);
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
  const timer = setTimeout(() => resolve(undefined), deadlineMs);
  socket.on('error', () => resolve(undefined));
  socket.on('message', (reply) => resolve(reply));
  // Connected: only what comes from the address that was asked counts.
  socket.connect(port, host, () => socket.send(bytes));
  const reply = await promise;
  clearTimeout(timer);
  socket.close();
  return reply;
}

/** Asks over UDP; rejects when no answer comes. */
export async function ask(address: string, name: string, type = 'A'): Promise<Answer> {
  const reply = await exchangeUdp(address, query(name, type));
  if (reply === undefined) throw new Error(`no answer from ${address} to ${name} ${type}`);
  return readAnswer(reply);
}

/** One socket that has many questions under way. */
export class DnsUdpClient {
  readonly #socket: UdpSocket;
  #received: Buffer[] = [];
  #news: () => void = () => {};

  private constructor(socket: UdpSocket) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('message', (message) => {
      this.#received.push(message);
      this.#news();
    });
  }

  static async connect(address: string): Promise<DnsUdpClient> {
    const { host, port } = hostAndPort(address);
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    socket.connect(port, host);
    await once(socket, 'connect');
    return new DnsUdpClient(socket);
  }

  send(...messages: readonly Buffer[]): void {
    for (const message of messages) this.#socket.send(message);
  }

  /** The next `count` messages; rejects when they have not come in time. */
  async receive(count: number): Promise<readonly Buffer[]> {
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    while (this.#received.length < count) {
      if (deadline.aborted) throw new Error(`${this.#received.length} of ${count} answers came`);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#news = resolve;
      deadline.addEventListener('abort', () => resolve(), { once: true });
      await promise;
    }
    return this.#received.splice(0, count);
  }

  close(): void {
    this.#socket.close();
  }
}

export class DnsTcpClient {
  readonly socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #isOver = false;
  /** Whoever waits for octets or the end; woken by any of both. */
  #waiting: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    const wake = (): void => {
      for (const resume of this.#waiting.splice(0)) resume();
    };
    const over = (): void => {
      this.#isOver = true;
      wake();
    };
    socket.on('error', () => {});
    socket.on('end', over);
    socket.on('close', over);
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      wake();
    });
  }

  /** `localAddress`: from where. */
  static async connect(address: string, localAddress?: string): Promise<DnsTcpClient> {
    const from = localAddress === undefined ? {} : { localAddress };
    const socket = connect({ ...hostAndPort(address), ...from, noDelay: true, allowHalfOpen: true });
    await once(socket, 'connect');
    return new DnsTcpClient(socket);
  }

  /** Writes messages with their lengths before them. */
  send(...messages: readonly Buffer[]): void {
    this.socket.write(framed(...messages));
  }

  /** The next `count` messages; rejects when the connection ends before. */
  async receive(count: number): Promise<readonly Buffer[]> {
    const messages: Buffer[] = [];
    while (messages.length < count) {
      const length = this.#received.length < 2 ? undefined : this.#received.readUInt16BE();
      if (length !== undefined && this.#received.length >= 2 + length) {
        messages.push(this.#received.subarray(2, 2 + length));
        this.#received = this.#received.subarray(2 + length);
        continue;
      }
      if (this.#isOver) throw new Error(`ended after ${messages.length} answers`);
      await this.#news();
    }
    return messages;
  }

  /** Resolves when the server has ended the connection, gracefully or not. */
  async ended(): Promise<void> {
    while (!this.#isOver) await this.#news();
  }

  close(): void {
    this.socket.destroy();
  }

  #news(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

export function framed(...messages: readonly Buffer[]): Buffer {
  return Buffer.concat(messages.flatMap((message) => [Buffer.of(message.length >> 8, message.length & 255), message]));
}
