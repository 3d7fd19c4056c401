/** This process as a service in Consul: registered while it runs, and on its way out the moment a drain begins. */
import { formatAddress, type HostPort } from '../address.ts';
import { type BackoffLimits, backoffMs } from '../backoff.ts';
import type { RegisterConfig } from '../config/root.ts';
import { formatDuration } from '../duration.ts';
import { refusedAddress } from '../refused-address.ts';
import { type Clock, pause, realClock } from './clock.ts';
import { type CallLimits, type ConsulCall, callConsul } from './consul-call.ts';
import type { ConsulClient } from './consul-client.ts';
import { ConsulLeave, endFormerLeave } from './consul-leave.ts';
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
  /** For each of the calls with which it leaves; default 2 s. */
  readonly goodbyeTimeoutMs?: number;
  /** From the announcement of the leave to the deregistration, for all who watch to see it; default 1 s. */
  readonly noticeMs?: number;
  /** Another process has registered the same instance and leaves it to this one. */
  readonly takesOver?: boolean | undefined;
}

export interface Registration {
  /** `<service>-<address>-<port>` unless configured. */
  readonly id: string;
  /** Resolves when Consul has taken it for the first time, or has it of the process before; never rejects. */
  readonly whenRegistered: Promise<void>;
  /**
   * Puts it into maintenance mode and stops registering. Resolves when Consul knows, or after at most about 3 s when it
   * does not answer. Never rejects.
   */
  announceLeave(): Promise<void>;
  /**
   * Takes it out of Consul, a while after the announcement. Resolves within about 5 s of that, also when Consul does
   * not answer. Never rejects.
   */
  deregister(): Promise<void>;
  /** Stops without a word to Consul; a deregistration that waits for its moment is sent now. */
  close(): Promise<void>;
}

const BACKOFF: BackoffLimits = { baseMs: 200, maxMs: 30_000 };
const CALL_TIMEOUT_MS = 5_000;
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
  readonly #leave: ConsulLeave;
  #running: Promise<void> = Promise.resolve();
  #announcing: Promise<void> | undefined;
  #deregistering: Promise<void> | undefined;
  #tried: boolean;
  #isFormerLeaveOver = false;
  #failures = 0;

  constructor(options: RegisterOptions) {
    const { service, address, port, id } = options.config;
    this.id = id ?? `${service}-${address}-${port}`;
    this.#options = options;
    this.#clock = options.clock ?? realClock;
    this.#tried = options.takesOver === true;
    const { consul, log, goodbyeTimeoutMs: timeoutMs, noticeMs } = options;
    this.#leave = new ConsulLeave({ id: this.id, consul, log, clock: this.#clock, timeoutMs, noticeMs });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.whenRegistered = promise;
    this.#markRegistered = resolve;
  }

  start(): void {
    this.#running = this.#keepRegistered();
  }

  announceLeave(): Promise<void> {
    this.#announcing ??= this.#announce();
    return this.#announcing;
  }

  deregister(): Promise<void> {
    this.#deregistering ??= this.#deregister();
    return this.#deregistering;
  }

  async close(): Promise<void> {
    this.#leave.hurry();
    await this.#stop();
  }

  async #stop(): Promise<void> {
    this.#closing.abort();
    this.#cutting.abort();
    await this.#running;
  }

  async #announce(): Promise<void> {
    this.#closing.abort();
    // A registration under way should be over before its opposite is sent.
    await Promise.race([this.#running, pause(realClock, SETTLE_MS, this.#cutting.signal)]);
    await this.#stop();
    // A registration whose answer never came may have been taken all the same.
    if (this.#tried) await this.#leave.announce();
  }

  async #deregister(): Promise<void> {
    await this.announceLeave();
    if (this.#tried) await this.#leave.deregister();
  }

  async #keepRegistered(): Promise<void> {
    const { random = Math.random, lookEveryMs = LOOK_EVERY_MS } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const failure = await this.#registerIfMissing();
      // What is cut short because the registration ends is no failure.
      if (signal.aborted) return;
      if (failure === undefined) this.#failures = 0;
      else this.#noteFailure(failure);
      const delayMs =
        failure === undefined ? lookEveryMs * (0.9 + random() * 0.2) : backoffMs(this.#failures, random(), BACKOFF);
      await pause(this.#clock, delayMs, signal);
    }
  }

  async #registerIfMissing(): Promise<Error | undefined> {
    try {
      if (await this.#isKnown()) this.#markRegistered();
      else await this.#register();
      if (this.#isFormerLeaveOver) return undefined;
      await endFormerLeave(this.id, (call) => this.#call(call));
      this.#isFormerLeaveOver = true;
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }

  async #register(): Promise<void> {
    const { log, config } = this.#options;
    this.#tried = true;
    this.#isFormerLeaveOver = false;
    await this.#call((api, common) => api.agent.service.register({ ...this.#body(), ...common }));
    log.info({ id: this.id, service: config.service }, 'registered in consul');
    this.#markRegistered();
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
    const services = await this.#call((api, common) =>
      api.agent.service.list({ ...common, filter: `ID == ${JSON.stringify(this.id)}` }),
    );
    if (!Object.hasOwn(services, this.id)) return false;
    const known: unknown = services[this.id];
    const { Address, Port } = known as { Address?: unknown; Port?: unknown };
    return Address === address && Port === port;
  }

  #call<T>(call: ConsulCall<T>): Promise<T> {
    return callConsul(this.#options.consul, this.#limits, call);
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
}
