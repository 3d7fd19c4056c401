/** Keyed requests: one user, one answer from one instance; and a stream of them that does not wait for answers. */
import { Agent, request } from 'node:http';
import type { InstanceAnswer } from './instance.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
}

const TIMEOUT_MS = 5_000;
const TICK_MS = 10;

/** The balancer answered, and not with what was asked for. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
}

/** One client of the edges with kept-alive connections. */
export class UsersClient {
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });

  /** The instance that answered. Rejects for anything but a whole answer with status 200. */
  ask(user: string, { host, port }: Target): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const options = { agent: this.#agent, host, port, path: '/users', headers: { 'x-user-id': user } };
    const asked = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('error', reject);
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve((JSON.parse(text) as InstanceAnswer).instance);
        else reject(new StatusError(`status ${response.statusCode}: ${text.trim()}`));
      });
    });
    asked.on('error', reject);
    const deadline = setTimeout(() => asked.destroy(new Error(`no answer within ${TIMEOUT_MS / 1_000} s`)), TIMEOUT_MS);
    asked.end();
    return promise.finally(() => clearTimeout(deadline));
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Asks for every user once, a few at a time. User → instance. */
export async function askAll(users: readonly string[], ask: (user: string) => Promise<string>) {
  const homes = new Map<string, string>();
  const waiting = users.values();
  const worker = async (): Promise<void> => {
    for (const user of waiting) homes.set(user, await ask(user));
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return homes;
}

export interface LoadOptions {
  readonly perSecond: number;
  readonly users: readonly string[];
  readonly ask: (user: string) => Promise<string>;
  readonly onAnswer?: (user: string, instance: string) => void;
}

/**
 * A stream of requests at a fixed rate: a slow answer delays none of the others, so that what a user would have
 * suffered is counted and not hidden.
 */
export class OpenLoad {
  sent = 0;
  readonly failures: string[] = [];
  readonly #options: LoadOptions;
  readonly #pending = new Set<Promise<void>>();
  readonly #begunAt = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#sendDue(), TICK_MS);
  }

  /** Sends no more and resolves when all that was sent has been answered or has failed. */
  async finish(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#pending);
  }

  #sendDue(): void {
    const due = ((performance.now() - this.#begunAt) / 1_000) * this.#options.perSecond;
    while (this.sent < due) this.#send();
  }

  #send(): void {
    const { users, ask, onAnswer } = this.#options;
    const user = users[this.sent % users.length] ?? '';
    this.sent += 1;
    const asked = ask(user).then(
      (instance) => onAnswer?.(user, instance),
      (error: unknown) => void this.failures.push(error instanceof Error ? error.message : String(error)),
    );
    const settled = asked.finally(() => this.#pending.delete(settled));
    this.#pending.add(settled);
  }
}
