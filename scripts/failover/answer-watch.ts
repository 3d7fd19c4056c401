/** Asks for a name every few milliseconds over UDP, and keeps what was answered when. */
import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { hostAndPort } from '../../test/support/dns-client.ts';
import { query, readAnswer } from '../../test/support/dns-message.ts';

export interface Seen {
  /** Of `performance.now()`, when it came in. */
  readonly atMs: number;
  /** The addresses in order, or the code where there are none: `127.0.0.2`, `SERVFAIL`. */
  readonly answer: string;
  /** The smallest of the records; 0 where there are none. */
  readonly ttlSeconds: number;
}

const EVERY_MS = 5;

export class AnswerWatch {
  /** In the order in which they came. */
  readonly seen: Seen[] = [];
  readonly #socket: Socket;
  readonly #closing = new AbortController();
  readonly #asking: Promise<void>;
  #waiting: (() => void)[] = [];

  private constructor(socket: Socket, name: string) {
    this.#socket = socket;
    // Where nobody listens any more the kernel says so; the next question may find someone.
    socket.on('error', () => undefined);
    socket.on('message', (message) => this.#take(message));
    this.#asking = this.#ask(query(name));
  }

  static async open(server: string, name: string): Promise<AnswerWatch> {
    const { host, port } = hostAndPort(server);
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.connect(port, host, resolve));
    return new AnswerWatch(socket, name);
  }

  get last(): Seen | undefined {
    return this.seen.at(-1);
  }

  /** Resolves with the first answer from now on of which it holds; rejects when none has come in time. */
  async until(holds: (seen: Seen) => boolean, { what, withinMs = 30_000 }: WatchPatience): Promise<Seen> {
    const deadlineMs = performance.now() + withinMs;
    let place = this.seen.length;
    for (;;) {
      for (; place < this.seen.length; place++) {
        const seen = this.seen[place];
        if (seen !== undefined && holds(seen)) return seen;
      }
      if (performance.now() > deadlineMs) {
        throw new Error(
          `waited ${withinMs} ms in vain for ${what}; the last answer was ${this.last?.answer ?? 'none'}`,
        );
      }
      await Promise.race([this.#news(), sleep(1_000)]);
    }
  }

  /** The answers since then as they changed: neighbours differ, the first is the one in force. */
  changesSince(atMs: number): readonly string[] {
    const answers = this.seen.filter((seen) => seen.atMs >= atMs).map(({ answer }) => answer);
    return answers.filter((answer, i) => answer !== answers[i - 1]);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#asking;
    this.#socket.close();
  }

  async #ask(question: Buffer): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      this.#socket.send(question, () => undefined);
      await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #take(message: Buffer): void {
    const { rcode, answer } = readAnswer(message);
    const records = answer.map((line) => line.split(' '));
    const addresses = records.map((words) => words.at(-1) ?? '').toSorted();
    this.seen.push({
      atMs: performance.now(),
      answer: addresses.length === 0 ? rcode : addresses.join(', '),
      ttlSeconds: records.length === 0 ? 0 : Math.min(...records.map((words) => Number(words[1]))),
    });
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #news(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

interface WatchPatience {
  /** Completes the sentence "waited in vain for …". */
  readonly what: string;
  readonly withinMs?: number;
}
