/** The way to one Consul agent: GETs by undici, bounded in time, size and number. The only file that knows undici. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Pool } from 'undici';
import type { ConsulConfig } from '../config/root.ts';
import type { ConsulAnswer } from '../consul/answer.ts';
import { fairWaitMs } from '../consul/health-query.ts';
import { type ConsulSettings, consulSettings, type Environment } from '../consul/settings.ts';
import type { DiscoveryUpdate } from '../discovery.ts';
import { JointWatches } from './joint-watches.ts';
import { Slots } from './slots.ts';

export interface GetOptions {
  /** For everything: waiting for a slot excluded, connecting and the whole body included. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  /** True for a query that Consul keeps open; the rest need not queue behind those. */
  readonly blocking: boolean;
}

export interface ConsulClient {
  readonly settings: ConsulSettings;
  /** Of services; who asks the same has one between them. */
  readonly serviceWatches: JointWatches<DiscoveryUpdate>;
  /** Counts one more watch, for {@link waitMs}; returns the function that ends it. */
  openWatch(): () => void;
  /** How long a blocking query may wait now, so that every open watch gets its turn. */
  waitMs(): number;
  /** Rejects when there is no whole answer; an answer of any status resolves. Redirects are answers. */
  get(path: string, options: GetOptions): Promise<ConsulAnswer>;
  /** The token to use now, its file read again; undefined where there is none. */
  token(): Promise<string | undefined>;
  /** Contents of the TLS files now. */
  tls(): Promise<TlsMaterial>;
  /** Cuts what is still open. */
  close(): Promise<void>;
}

/** What Node's TLS takes; keys are there only where they have a value. */
export interface TlsMaterial {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}

/** Consul's own default lets one address hold 200 connections; several sidecars may share it. */
const BLOCKING_SLOTS = 60;
const QUICK_SLOTS = 4;
export const MAX_BODY_BYTES = 16 * 1024 * 1024;
const CONNECT_TIMEOUT_MS = 5_000;
const TCP_KEEP_ALIVE_MS = 30_000;

export interface ConsulClientOptions {
  readonly env?: Environment;
  /** Folder that relative file names are relative to; default the working directory. */
  readonly baseDir?: string;
}

/** Contacts nothing yet. Throws when an environment variable cannot be understood. */
export function createConsulClient(
  config: ConsulConfig | undefined,
  { env = process.env, baseDir = '.' }: ConsulClientOptions = {},
): ConsulClient {
  return new UndiciConsulClient(consulSettings(config, env), baseDir);
}

class UndiciConsulClient implements ConsulClient {
  readonly settings: ConsulSettings;
  readonly serviceWatches = new JointWatches<DiscoveryUpdate>();
  readonly #baseDir: string;
  readonly #blocking = new Slots(BLOCKING_SLOTS);
  readonly #quick = new Slots(QUICK_SLOTS);
  #pool: Promise<Pool> | undefined;
  #watches = 0;
  #closed = false;
  #lastToken: string | undefined;

  constructor(settings: ConsulSettings, baseDir: string) {
    this.settings = settings;
    this.#baseDir = baseDir;
  }

  openWatch(): () => void {
    this.#watches += 1;
    let open = true;
    return () => {
      if (open) this.#watches -= 1;
      open = false;
    };
  }

  waitMs(): number {
    return fairWaitMs(this.#watches, BLOCKING_SLOTS);
  }

  async get(path: string, { deadlineMs, signal, blocking }: GetOptions): Promise<ConsulAnswer> {
    const giveBack = await (blocking ? this.#blocking : this.#quick).take(signal);
    const controller = new AbortController();
    const abort = (): void => controller.abort(signal.reason);
    // undici's own timers may come most of a second late, so the deadline is ours.
    const timer = setTimeout(
      () => controller.abort(new Error(`consul did not answer within ${deadlineMs / 1000}s`)),
      deadlineMs,
    );
    signal.addEventListener('abort', abort, { once: true });
    try {
      signal.throwIfAborted();
      return await this.#ask(path, controller.signal);
    } catch (error) {
      throw controller.signal.aborted ? controller.signal.reason : readableError(error);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      giveBack();
    }
  }

  async #ask(path: string, signal: AbortSignal): Promise<ConsulAnswer> {
    const token = await this.token();
    if (this.#closed) throw new Error('the way to consul is closed');
    this.#pool ??= this.#openPool();
    const pool = await this.#pool;
    const { statusCode, headers, body } = await pool.request({
      path: this.settings.pathPrefix + path,
      method: 'GET',
      headers: {
        accept: 'application/json',
        'accept-encoding': 'identity',
        ...(token === undefined ? {} : { 'x-consul-token': token }),
      },
      signal,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > MAX_BODY_BYTES) throw new Error(`consul's answer is larger than ${MAX_BODY_BYTES} bytes`);
      chunks.push(chunk);
    }
    const header = (name: string): string | undefined => {
      const value = headers[name];
      return Array.isArray(value) ? value[0] : value;
    };
    return { status: statusCode, header, body: Buffer.concat(chunks, length) };
  }

  /** Loaded with the first question only: a process without Consul does without undici's 27 MB. */
  async #openPool(): Promise<Pool> {
    const { buildConnector, Pool } = await import('undici');
    const { origin, socketPath } = this.settings;
    return new Pool(origin, {
      connections: BLOCKING_SLOTS + QUICK_SLOTS,
      pipelining: 1,
      keepAliveTimeout: 30_000,
      connect: (options, callback) => {
        const connection = {
          timeout: CONNECT_TIMEOUT_MS,
          keepAlive: true,
          keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
          ...(socketPath === undefined ? {} : { socketPath }),
        };
        if (options.protocol !== 'https:') return buildConnector(connection)(options, callback);
        this.tls().then(
          (tls) => buildConnector({ ...connection, ...tls, maxCachedSessions: 0 })(options, callback),
          (error: Error) => callback(error, null),
        );
      },
    });
  }

  async token(): Promise<string | undefined> {
    const { token, tokenFile } = this.settings;
    if (tokenFile === undefined) return token;
    try {
      const text = (await readFile(resolve(this.#baseDir, tokenFile), 'utf8')).trim();
      this.#lastToken = text === '' ? token : checkedToken(text);
    } catch (error) {
      // While a token is rotated its file may be missing for a moment; the last one is better than none.
      if (this.#lastToken === undefined) throw error;
    }
    return this.#lastToken;
  }

  async tls(): Promise<TlsMaterial> {
    const { caFile, certFile, keyFile, serverName, verify } = this.settings.tls;
    const read = (file: string | undefined): Promise<Buffer | undefined> =>
      file === undefined ? Promise.resolve(undefined) : readFile(resolve(this.#baseDir, file));
    const [ca, cert, key] = await Promise.all([read(caFile), read(certFile), read(keyFile)]);
    return {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(serverName === undefined ? {} : { servername: serverName }),
      rejectUnauthorized: verify,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    const pool = await this.#pool?.catch(() => undefined);
    await pool?.destroy();
  }
}

/** A byte outside of visible ASCII would make every request invalid, and say so with the token in its message. */
function checkedToken(text: string): string {
  if (!/^[\x21-\x7e]+$/.test(text)) throw new Error('the token file of consul does not hold a token');
  return text;
}

/** The fact behind a failed request in a few words; connection errors of several addresses come bundled. */
function readableError(error: unknown): Error {
  const cause = error instanceof AggregateError ? error.errors[0] : error;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  const words: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'connection refused',
    ECONNRESET: 'connection reset',
    UND_ERR_SOCKET: 'connection closed before the whole answer had come',
    UND_ERR_CONNECT_TIMEOUT: `no connection within ${CONNECT_TIMEOUT_MS / 1000}s`,
  };
  const message = (code === undefined ? undefined : words[code]) ?? (cause as Error).message;
  return new Error(`cannot reach consul: ${message}`, { cause: error });
}
