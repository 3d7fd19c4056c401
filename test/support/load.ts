/**
 * Open-loop load, with kept-alive connections unless told otherwise: requests leave on time however slow answers are, so that what users
 * would have suffered is counted and not hidden. Every request has an id of its own, `x-load-id`, that its answer must
 * repeat.
 */
import { Agent, type IncomingMessage, request } from 'node:http';

export interface LoadRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface LoadAnswer {
  readonly n: number;
  readonly instance: string;
  readonly atMs: number;
  /** From the moment at which it was due to leave. */
  readonly tookMs: number;
}

export interface LoadOptions {
  /** `host:port`; the next one is for requests whose connection is refused, which is no loss: nothing was sent. */
  readonly addresses: readonly string[] | (() => Promise<readonly string[]>);
  readonly perSecond: number;
  /** A connection for each request. Default: they are kept. */
  readonly freshConnections?: boolean;
  /**
   * Sends a request again whose kept connection ended before a byte of its answer, as clients do with idempotent ones
   * (RFC 9112, section 9.3.1): such a connection may have been closed at the moment it was taken. Default: a failure.
   */
  readonly repeatsOnKept?: boolean;
  /** Which of our own addresses connections come from. */
  readonly from?: string;
  /** Ends by itself after so many. Default: goes on until `finish`. */
  readonly total?: number;
  readonly request?: (n: number) => LoadRequest;
  readonly onAnswer?: (answer: LoadAnswer) => void;
}

const TICK_MS = 5;
const PATIENCE_MS = 10_000;

export class Load {
  sent = 0;
  /** One sentence for each request without its whole, proper answer. */
  readonly failures: string[] = [];
  readonly ids: string[] = [];
  /** When each request left. */
  readonly sentAtMs: number[] = [];
  /** How many were sent again. */
  repeated = 0;
  /** The numbers of those in `failures`. */
  readonly failed: number[] = [];
  readonly #options: LoadOptions;
  readonly #agent: Agent;
  readonly #name = Math.random().toString(36).slice(2, 8);
  readonly #pending = new Set<Promise<void>>();
  readonly #begunAt = performance.now();
  readonly #timer: NodeJS.Timeout;
  readonly #allSent = Promise.withResolvers<void>();

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#agent = new Agent({ keepAlive: options.freshConnections !== true, maxFreeSockets: 256 });
    this.#timer = setInterval(() => this.#sendDue(), TICK_MS);
  }

  /** Resolves when `total` were sent and each has been answered or has failed. */
  async done(): Promise<void> {
    await this.#allSent.promise;
    await this.finish();
  }

  /** Sends no more. Resolves when all that was sent has been answered or has failed. */
  async finish(): Promise<void> {
    clearInterval(this.#timer);
    while (this.#pending.size > 0) await Promise.all(this.#pending);
    this.#agent.destroy();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#agent.destroy();
  }

  #sendDue(): void {
    const { perSecond, total = Number.POSITIVE_INFINITY } = this.#options;
    const due = Math.min(total, ((performance.now() - this.#begunAt) / 1_000) * perSecond);
    while (this.sent < due) this.#send();
    if (this.sent < total) return;
    clearInterval(this.#timer);
    this.#allSent.resolve();
  }

  #send(): void {
    const n = this.sent;
    this.sent += 1;
    this.ids.push(`${this.#name}-${n}`);
    this.sentAtMs.push(performance.now());
    const dueAt = this.#begunAt + (n / this.#options.perSecond) * 1_000;
    const settled = this.#ask(n, 0)
      .then(
        (instance) => {
          const atMs = performance.now();
          this.#options.onAnswer?.({ n, instance, atMs, tookMs: atMs - dueAt });
        },
        (error: unknown) => {
          this.failed.push(n);
          this.failures.push(`${n}: ${error instanceof Error ? error.message : String(error)}`);
        },
      )
      .finally(() => this.#pending.delete(settled));
    this.#pending.add(settled);
  }

  /** The instance that answered. */
  async #ask(n: number, place: number): Promise<string> {
    const { addresses: given } = this.#options;
    const addresses = typeof given === 'function' ? await given() : given;
    try {
      return await this.#askAt(n, addresses[place] ?? '');
    } catch (error) {
      const isRefused = error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
      if (!isRefused || place + 1 >= addresses.length) throw error;
      return this.#ask(n, place + 1);
    }
  }

  #askAt(n: number, address: string): Promise<string> {
    const { method = 'GET', path = '/', headers = {}, body } = this.#options.request?.(n) ?? {};
    const id = this.ids[n] ?? '';
    const [host, port] = address.split(':');
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const { from: localAddress } = this.#options;
    const options = { agent: this.#agent, host, port, method, path, localAddress };
    const all = { ...options, headers: { ...headers, 'x-load-id': id } };
    let isAnswered = false;
    const asked = request(all, (response) => {
      isAnswered = true;
      void readAnswer(response, id).then(resolve, reject);
    });
    asked.on('error', (error) => {
      const { repeatsOnKept = false } = this.#options;
      if (!repeatsOnKept || !asked.reusedSocket || isAnswered) return reject(error);
      this.repeated += 1;
      resolve(this.#askAt(n, address));
    });
    const patience = setTimeout(() => asked.destroy(new Error(`no answer in ${PATIENCE_MS} ms`)), PATIENCE_MS);
    asked.end(body);
    return promise.finally(() => clearTimeout(patience));
  }
}

async function readAnswer(response: IncomingMessage, id: string): Promise<string> {
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += String(part);
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}: ${text.trim()}`);
  if (text.trim() !== id) throw new Error(`the answer to another request: ${text.trim()} for ${id}`);
  return String(response.headers['x-instance']);
}
