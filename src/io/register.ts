/** This process as a service in Consul: registered while it runs, gone the moment a drain begins. */
import { type Agent, Agent as HttpAgent } from 'node:http';
import type Consul from 'consul';
import { formatAddress, type HostPort } from '../address.ts';
import { type BackoffLimits, backoffMs } from '../backoff.ts';
import type { RegisterConfig } from '../config/root.ts';
import { formatDuration } from '../duration.ts';
import { refusedAddress } from '../refused-address.ts';
import { type Clock, pause, realClock } from './clock.ts';
import type { ConsulClient } from './consul-client.ts';
import type { Log } from './log.ts';

export interface RegisterOptions {
  readonly config: RegisterConfig;
  /** Where `/ready` answers; an unspecified host (`0.0.0.0`) stands for the registered address. */
  readonly statusAddress: HostPort;
  readonly consul: ConsulClient;
  readonly log: Log;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** How often the agent is asked whether it still knows us; default 10 s. */
  readonly lookEveryMs?: number;
  /** For each of the two attempts to deregister; default 2 s. */
  readonly goodbyeTimeoutMs?: number;
}

export interface Registration {
  /** `<service>-<address>-<port>` unless configured. */
  readonly id: string;
  /** Resolves when Consul has taken it for the first time; never rejects. */
  readonly whenRegistered: Promise<void>;
  /** Takes it out of Consul and stops. Resolves after at most about 5 s, also when Consul does not answer. */
  deregister(): Promise<void>;
  /** Stops without a word to Consul. */
  close(): Promise<void>;
}

const BACKOFF: BackoffLimits = { baseMs: 200, maxMs: 30_000 };
const CALL_TIMEOUT_MS = 5_000;
const GOODBYE_TIMEOUT_MS = 2_000;
/** How long a call under way may still take once the registration is to end. */
const SETTLE_MS = 1_000;
const LOOK_EVERY_MS = 10_000;
/** Consul removes what a crashed machine leaves behind; long enough for a restart to find its place again. */
const REMOVE_CRITICAL_AFTER = '10m';

/** Returns at once; a Consul that is down is asked again, with growing pauses, for as long as this lives. */
export function registerService(options: RegisterOptions): Registration {
  const registration = new ConsulRegistration(options);
  registration.start();
  return registration;
}

class ConsulRegistration implements Registration {
  readonly id: string;
  readonly whenRegistered: Promise<void>;
  readonly #options: RegisterOptions;
  readonly #clock: Clock;
  /** Ends the pauses between calls. */
  readonly #closing = new AbortController();
  /** Ends the call under way as well. */
  readonly #cutting = new AbortController();
  readonly #limits: CallLimits = { timeoutMs: CALL_TIMEOUT_MS, cut: this.#cutting.signal };
  readonly #markRegistered: () => void;
  #running: Promise<void> = Promise.resolve();
  #tried = false;
  #failures = 0;

  constructor(options: RegisterOptions) {
    const { service, address, port, id } = options.config;
    this.id = id ?? `${service}-${address}-${port}`;
    this.#options = options;
    this.#clock = options.clock ?? realClock;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.whenRegistered = promise;
    this.#markRegistered = resolve;
  }

  start(): void {
    this.#running = this.#keepRegistered();
  }

  async deregister(): Promise<void> {
    this.#closing.abort();
    // A registration under way should be over before its opposite is sent.
    await Promise.race([this.#running, pause(realClock, SETTLE_MS, this.#cutting.signal)]);
    await this.close();
    // A registration whose answer never came may have been taken all the same.
    if (!this.#tried) return;
    const { log, goodbyeTimeoutMs: timeoutMs = GOODBYE_TIMEOUT_MS } = this.#options;
    this.#tried = false;
    for (const last of [false, true]) {
      try {
        await this.#call({ timeoutMs }, (api, common) => api.agent.service.deregister({ id: this.id, ...common }));
        log.info({ id: this.id }, 'deregistered from consul');
        return;
      } catch (error) {
        if (last) log.warn({ id: this.id, reason: (error as Error).message }, 'could not deregister from consul');
      }
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#cutting.abort();
    await this.#running;
  }

  async #keepRegistered(): Promise<void> {
    const { random = Math.random, lookEveryMs = LOOK_EVERY_MS } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const failure = await this.#registerIfMissing();
      if (failure === undefined) this.#failures = 0;
      else this.#noteFailure(failure);
      const delayMs =
        failure === undefined ? lookEveryMs * (0.9 + random() * 0.2) : backoffMs(this.#failures, random(), BACKOFF);
      await pause(this.#clock, delayMs, signal);
    }
  }

  async #registerIfMissing(): Promise<Error | undefined> {
    const { log } = this.#options;
    try {
      if (await this.#isKnown()) return undefined;
      this.#tried = true;
      await this.#call(this.#limits, (api, common) => api.agent.service.register({ ...this.#body(), ...common }));
      log.info({ id: this.id, service: this.#options.config.service }, 'registered in consul');
      this.#markRegistered();
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  #noteFailure(error: Error): void {
    this.#failures += 1;
    if (this.#failures > 1) return;
    this.#options.log.warn({ id: this.id, reason: error.message }, 'cannot register in consul, trying again');
  }

  /** Registering anew would set the check back to critical, so a healthy registration is left alone. */
  async #isKnown(): Promise<boolean> {
    if (!this.#tried) return false;
    const { address, port } = this.#options.config;
    const services = await this.#call(this.#limits, (api, common) =>
      api.agent.service.list({ ...common, filter: `ID == ${JSON.stringify(this.id)}` }),
    );
    if (!Object.hasOwn(services, this.id)) return false;
    const known: unknown = services[this.id];
    const { Address, Port } = known as { Address?: unknown; Port?: unknown };
    return Address === address && Port === port;
  }

  #body() {
    const { config, statusAddress } = this.#options;
    const { service, address, port, tags, check } = config;
    const host = refusedAddress(statusAddress.host) === 'unspecified' ? address : statusAddress.host;
    return {
      id: this.id,
      name: service,
      address,
      port,
      tags: [...tags],
      check: {
        checkid: `${this.id}-ready`,
        name: 'ready',
        http: `http://${formatAddress({ host, port: statusAddress.port })}/ready`,
        interval: formatDuration(check.interval),
        timeout: formatDuration(check.timeout),
        deregistercriticalserviceafter: REMOVE_CRITICAL_AFTER,
      },
    };
  }

  /**
   * One call with a client, an agent and TLS files of its own: calls are rare, and nothing is left open between them.
   * The timeout is given twice, because the package's own does not cover an agent that dies while it answers.
   */
  async #call<T>({ timeoutMs, cut }: CallLimits, call: (api: Consul, common: Common) => Promise<T>): Promise<T> {
    const { consul } = this.#options;
    const [token, tls] = await Promise.all([consul.token(), consul.tls()]);
    const { origin, pathPrefix, socketPath } = consul.settings;
    // Node takes `socketPath` from an agent (it passes all options on to the connection); its types do not know it.
    const socket: object = socketPath === undefined ? {} : { socketPath };
    const { default: Consul } = await import('consul');
    const agent = origin.startsWith('https:') ? await httpsAgent({ ...tls, ...socket }) : new HttpAgent({ ...socket });
    const settings = { baseUrl: `${origin}${pathPrefix}/v1`, agent };
    const done = new AbortController();
    const end = cut === undefined ? done.signal : AbortSignal.any([done.signal, cut]);
    const late = pause(realClock, timeoutMs + 200, end).then(() => {
      throw new Error(`consul did not answer within ${formatDuration(timeoutMs)}`);
    });
    // When the call wins nobody waits for it any more.
    late.catch(() => {});
    try {
      const common = { timeout: timeoutMs, ...(token === undefined ? {} : { token }) };
      return await Promise.race([call(new Consul(settings), common), late]);
    } finally {
      done.abort();
      agent.destroy();
    }
  }
}

/** TLS takes 4 MB of memory, so it is loaded by those alone who use it. */
async function httpsAgent(options: object): Promise<Agent> {
  const { Agent: HttpsAgent } = await import('node:https');
  return new HttpsAgent(options);
}

interface CallLimits {
  readonly timeoutMs: number;
  /** Gives up at once when it aborts. */
  readonly cut?: AbortSignal;
}

interface Common {
  readonly timeout: number;
  readonly token?: string;
}
