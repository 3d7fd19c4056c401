/** The life that every house has: the admin addresses, its own work, readiness; and all of it backwards at the end. */
import { redactConfig } from '../config/redact-config.ts';
import type { Config } from '../config/root.ts';
import { type AdminServers, startAdminServers } from './admin.ts';
import { pause, realClock } from './clock.ts';
import type { Log } from './log.ts';
import { type ReadConfig, Reloads, type Replacement } from './reloads.ts';
import type { AdminView, RunningHouse } from './running-house.ts';

/** What a house gives to its work while that opens. */
export interface Opening {
  /** Aborts when the house closes: what waits gives up, and `open` may reject with anything. */
  readonly stopping: AbortSignal;
  /** Aborts when a drain begins, or at the end without one: nobody is to be sent here any more. */
  readonly leaving: AbortSignal;
  /** `admin` and `status`, as far as they are configured, are bound already. */
  readonly addresses: ReadonlyMap<string, string>;
  /** Tells what all listeners are really bound to, by name; again when that has changed. */
  readonly bound: (addresses: ReadonlyMap<string, string>) => void;
  /** Told once all listeners are bound: from here on the configuration can be changed. */
  readonly onBound: () => void;
}

/** What a house does apart from living: the part in which the roles differ. */
export interface HouseWork {
  /** What the house itself does not know of {@link AdminView}. */
  readonly view: Pick<
    AdminView,
    'role' | 'outage' | 'clusters' | 'requiredClusters' | 'endpointDetails' | 'collectMetrics' | 'sections' | 'explain'
  >;
  /** Resolves once it serves; rejects when something cannot be bound. Called once. */
  open(opening: Opening): Promise<void>;
  /** Called at the end of a successful start, when readiness has been told. */
  onStarted(): void;
  /**
   * Makes another configuration ready beside the present one, one at a time and only after `onBound`. Rejects, with
   * nothing left open, where it cannot be had; gives up when `signal` aborts.
   */
  prepare(config: Config, signal: AbortSignal): Promise<Replacement>;
  /** The first act of a drain: resolves when others can have heard that nothing is to be sent here. Never rejects. */
  leave(): Promise<void>;
  /** Called after `leave`: resolves when nobody is told of this process any more. Never rejects. */
  gone(): Promise<void>;
  /** Takes no new work; resolves when what runs has ended. Never rejects. */
  finish(): Promise<void>;
  /** What `finish` still waits for, for the log. */
  readonly left: number;
  /** Cuts everything at once; resolves when all is closed. Never rejects, also when `open` has, or was never called. */
  close(): Promise<void>;
}

export interface HouseOptions {
  readonly config: Config;
  readonly log: Log;
  /** Completes a configuration that was read again, as `config` is already; may throw. Default: it is complete. */
  readonly resolve?: (config: Config) => Config;
  readonly work: HouseWork;
}

export class House implements RunningHouse {
  readonly ready: Promise<void>;
  readonly closed: Promise<void>;
  readonly addresses = new Map<string, string>();
  readonly admin: AdminView;
  readonly #log: Log;
  readonly #reloads: Reloads;
  readonly #work: HouseWork;
  readonly #stopping = new AbortController();
  readonly #leaving = new AbortController();
  readonly #bound = Promise.withResolvers<void>();
  readonly #markClosed: () => void;
  #adminServers: Promise<AdminServers> | undefined;
  #started = false;
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor({ config, log, resolve = (it) => it, work }: HouseOptions) {
    this.#log = log;
    this.#work = work;
    this.#reloads = new Reloads({
      config,
      log,
      resolve,
      whenOpen: this.#bound.promise,
      prepare: (next, signal) => work.prepare(next, signal),
    });
    this.admin = this.#adminView();
    const closed = Promise.withResolvers<void>();
    this.closed = closed.promise;
    this.#markClosed = closed.resolve;
    this.ready = this.#open();
    // Whoever awaits `ready` hears of a failure; whoever does not must not die of it.
    this.ready.catch(() => {});
  }

  reload(read: ReadConfig): Promise<void> {
    return this.#reloads.request(read);
  }

  drain(): Promise<void> {
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #open(): Promise<void> {
    try {
      this.#adminServers = startAdminServers({ config: this.#reloads.config, view: this.admin, log: this.#log });
      for (const [name, address] of (await this.#adminServers).addresses) this.addresses.set(name, address);
      this.#refuseIfClosed();
      const stopping = this.#stopping.signal;
      const opened = this.#work.open({
        stopping,
        leaving: this.#leaving.signal,
        addresses: this.addresses,
        bound: (listeners) => this.#noteAddresses(listeners),
        onBound: () => this.#bound.resolve(),
      });
      await Promise.race([opened, this.closed]);
      this.#refuseIfClosed();
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#started = true;
    this.#work.onStarted();
  }

  /** `admin` and `status` stay; listeners that are not told any more are gone. */
  #noteAddresses(listeners: ReadonlyMap<string, string>): void {
    for (const name of this.addresses.keys()) {
      if (name !== 'admin' && name !== 'status' && !listeners.has(name)) this.addresses.delete(name);
    }
    for (const [name, address] of listeners) this.addresses.set(name, address);
  }

  #refuseIfClosed(): void {
    if (this.#stopping.signal.aborted) throw new Error('closed before it had started');
  }

  async #drain(): Promise<void> {
    const { delay, grace } = this.#reloads.config.drain;
    this.#log.info({ delay_ms: delay, grace_ms: grace }, 'no longer ready; taking leave');
    this.#leaving.abort();
    // First of all nobody is to be sent here any more; readiness went with `#draining`.
    await Promise.race([Promise.all([this.#work.leave(), this.#reloads.end()]), this.closed]);
    const gone = Promise.race([this.#work.gone(), this.closed]);
    await Promise.all([gone, pause(realClock, delay, this.#stopping.signal)]);
    const ended = new AbortController();
    void this.#work.finish().then(() => ended.abort());
    await pause(realClock, grace, AbortSignal.any([this.#stopping.signal, ended.signal]));
    const { left } = this.#work;
    if (left > 0) this.#log.warn({ connections: left }, 'grace is over: cutting what is left');
    await this.close();
  }

  async #close(): Promise<void> {
    this.#stopping.abort();
    this.#leaving.abort();
    const reloaded = this.#reloads.end();
    await this.#work.close();
    await reloaded;
    await (await this.#adminServers?.catch(() => undefined))?.close();
    this.#markClosed();
  }

  #adminView(): AdminView {
    const { view } = this.#work;
    return {
      ...view,
      get requiredClusters() {
        return view.requiredClusters;
      },
      started: () => this.#started,
      draining: () => this.#draining !== undefined,
      config: () => redactConfig(this.#reloads.config),
      reloads: () => this.#reloads.record,
      drain: () => void this.drain(),
    };
  }
}
