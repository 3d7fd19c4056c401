/** The process whose place this one takes, as its admin address shows it. */
import { Agent, type RequestOptions, request } from 'node:http';
import type { Socket } from 'node:net';
import { formatAddress, type ListenAddress } from '../address.ts';

/** One connection to it: from the moment on that this process has the same address, another one could lead to itself. */
export interface FormerProcess {
  /**
   * It lets go of its admin and status addresses at once, and then drains for as long as that takes. Rejects when it
   * does not say that it will.
   */
  handOver(): Promise<void>;
  /** Lets go of the connection. */
  close(): void;
}

const ANSWER_MS = 5_000;
const MAX_BODY_BYTES = 65_536;

/** The path that asks a process to give its place to another. */
export const HAND_OVER_PATH = '/hand-over';

/** Resolves to undefined when nobody is there; rejects when somebody is who does not fit `role` or cannot hand over. */
export async function findFormerProcess(address: ListenAddress, role: string): Promise<FormerProcess | undefined> {
  const connection = new OneConnection(address);
  const refuse = (why: string, cause?: unknown): Error => {
    connection.close();
    return new Error(`cannot take the place of the process at ${formatAddress(address)}: ${why}`, { cause });
  };
  let body: string;
  try {
    body = await connection.ask('GET', '/');
  } catch (error) {
    if (!isNobody(error)) throw refuse('it does not answer as it should', error);
    connection.close();
    return undefined;
  }
  const about = readAbout(body);
  if (about?.role !== role) throw refuse(`it is no ${role} process`);
  if (!about.paths.includes(HAND_OVER_PATH)) throw refuse('it is of a release that cannot hand over');
  return {
    handOver: async () => {
      await connection.ask('POST', HAND_OVER_PATH).catch((cause: unknown) => {
        throw refuse('it did not hand over', cause);
      });
      connection.close();
    },
    close: () => connection.close(),
  };
}

function isNobody(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ECONNREFUSED' || code === 'ENOENT';
}

function readAbout(text: string): { readonly role: unknown; readonly paths: readonly unknown[] } | undefined {
  try {
    const { role, paths } = JSON.parse(text) as { role?: unknown; paths?: unknown };
    return { role, paths: Array.isArray(paths) ? paths.map((it: { path?: unknown } | null) => it?.path) : [] };
  } catch {
    return undefined;
  }
}

/** Asks one thing after the other over one connection, never over another. */
class OneConnection {
  readonly #address: ListenAddress;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #socket: Socket | undefined;

  constructor(address: ListenAddress) {
    this.#address = address;
  }

  /** Resolves to the body of a 200. Rejects with anything else, and with the system's error where nobody listens. */
  ask(method: 'GET' | 'POST', path: string): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const address = this.#address;
    const where: RequestOptions = 'path' in address ? { socketPath: address.path } : address;
    const signal = AbortSignal.timeout(ANSWER_MS);
    const asked = request({ ...where, path, method, agent: this.#agent, signal }, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > MAX_BODY_BYTES) response.destroy(new Error('the answer is too long'));
        else chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString('utf8'));
        else reject(new Error(`it answered ${path} with ${response.statusCode}`));
      });
    });
    asked.on('error', reject);
    asked.on('socket', (socket) => {
      if (this.#socket !== undefined && this.#socket !== socket) asked.destroy(new Error('its connection is gone'));
      this.#socket = socket;
    });
    asked.end();
    return promise;
  }

  close(): void {
    this.#agent.destroy();
  }
}
