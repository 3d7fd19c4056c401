/** Questions at a steady pace over UDP, each asked once, and what became of them: nothing is asked again. */
import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { hostAndPort } from './dns-client.ts';
import { query, readAnswer } from './dns-message.ts';

export interface DnsLoadOptions {
  readonly address: string;
  readonly name: string;
  /** It goes on after so many until it is told to end. At most 65,536 are asked: each is known by its message id. */
  readonly atLeast: number;
  readonly perSecond: number;
  /** Ports that questions come from, by which the kernel deals them out. */
  readonly ports?: number;
}

/** Whoever has no answer after so long is lost. */
const ANSWER_MS = 2_000;
const MAX_QUESTIONS = 65_536;
const RECEIVE_BUFFER_BYTES = 1 << 20;

export class DnsLoad {
  readonly #options: DnsLoadOptions;
  readonly #sockets: Socket[] = [];
  readonly #sentAt = new Float64Array(MAX_QUESTIONS);
  #mayEnd = false;
  #slowestMs = 0;
  #answered = 0;
  /** How often each answer came, by rcode and data. */
  readonly answers = new Map<string, number>();
  sent = 0;

  constructor(options: DnsLoadOptions) {
    this.#options = options;
  }

  get slowestMs(): number {
    return this.#slowestMs;
  }

  /** What it went on for has happened. */
  end(): void {
    this.#mayEnd = true;
  }

  /** Resolves to the number of questions that got no answer in time. */
  async run(): Promise<number> {
    const { atLeast, perSecond, ports = 64 } = this.#options;
    for (let i = 0; i < ports; i++) this.#sockets.push(await this.#open());
    const begin = performance.now();
    while (this.sent < MAX_QUESTIONS && !(this.#mayEnd && this.sent >= atLeast)) {
      const due = Math.min(MAX_QUESTIONS, Math.floor(((performance.now() - begin) * perSecond) / 1_000));
      while (this.sent < due) this.#ask(this.sent);
      await sleep(1);
    }
    const last = performance.now();
    while (this.#answered < this.sent && performance.now() - last < ANSWER_MS) await sleep(10);
    return this.sent - this.#answered;
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }

  #ask(id: number): void {
    const question = query(this.#options.name);
    question.writeUInt16BE(id, 0);
    this.#sentAt[id] = performance.now();
    this.#sockets[id % this.#sockets.length]?.send(question);
    this.sent += 1;
  }

  #take(message: Buffer): void {
    const id = message.readUInt16BE(0);
    const sentAt = this.#sentAt[id] ?? 0;
    // Answered before, or never asked.
    if (sentAt === 0) return;
    this.#sentAt[id] = 0;
    const ms = performance.now() - sentAt;
    if (ms > ANSWER_MS) return;
    this.#slowestMs = Math.max(this.#slowestMs, ms);
    this.#answered += 1;
    const { rcode, answer } = readAnswer(message);
    const text = [rcode, ...answer].join(' ');
    this.answers.set(text, (this.answers.get(text) ?? 0) + 1);
  }

  async #open(): Promise<Socket> {
    const { host, port } = hostAndPort(this.#options.address);
    const type = host.includes(':') ? 'udp6' : 'udp4';
    const socket = createSocket({ type, recvBufferSize: RECEIVE_BUFFER_BYTES });
    // A port that nobody has is told as an error: its question is lost.
    socket.on('error', () => undefined);
    socket.on('message', (message) => this.#take(message));
    await new Promise<void>((resolve) => socket.connect(port, host, resolve));
    return socket;
  }
}
