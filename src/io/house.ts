/** The life that every house has: the admin addresses, its own work, readiness; and all of it backwards at the end. */
import { redactConfig } from '../config/redact-config.ts';
import type { Config } from '../config/root.ts';
import { collectLeaderMetrics, reportLeader } from '../leader-report.ts';
import { type AdminServers, startAdminServers } from './admin.ts';
import { pause, realClock } from './clock.ts';
import { readinessOf } from './house-readiness.ts';
import type { Leadership } from './leadership.ts';
import type { Log } from './log.ts';
import { type ReadConfig, Reloads, type Replacement } from './reloads.ts';
import type { AdminView, RunningHouse } from './running-house.ts';
import { takePlace } from './take-place.ts';

/** What a house gives to its work while that opens. */
export interface Opening {
  /** Aborts when the house closes: what waits gives up, and `open` may reject with anything. */
  readonly stopping: AbortSignal;
  /** Aborts when a drain begins, or at the end without one: nobody is to be sent here any more. */
  readonly leaving: AbortSignal;
  /**
   * `admin` and `status`, as far as they are configured, are bound already, unless this process takes the place of
   * another: then they are once it has started.
   */
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
    | 'role'
    | 'outage'
    | 'clusters'
    | 'requiredClusters'
    | 'endpointDetails'
    | 'collectMetrics'
    | 'sections'
    | 'explain'
    | 'overrides'
  >;
  /** Resolves once it serves; rejects when something cannot be bound. Called once. */
  open(opening: Opening): Promise<void>;
  /** Called when the process before has given its place to this one and has ended its writing. Never rejects. */
  takePlace?(): Promise<void>;
  /** Called before the place is given to another process: resolves when all that is to last is on the disk. Never rejects. */
  handOver?(): Promise<void>;
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
  /** In the middle of the delay: clients that keep connections are to come anew, elsewhere where they know of it. */
  releaseClients(): void;
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
  /** It takes the place of a process that has the same addresses, which is told to drain once this one has started. */
  readonly replaces?: boolean | undefined;
  /** Called once, at the beginning; what it resolves to stands for the lead while the house is started. Default: nobody. */
  readonly openLeadership?: () => Promise<Standing | undefined>;
}

type Standing = Pick<Leadership, 'clear' | 'start' | 'resign' | 'handOver' | 'close' | 'status'>;

/** How long what has been bound beside another process may take to let go of it where the start fails. */
const RETREAT_MS = 3_000;

export class House implements RunningHouse {
  readonly ready: Promise<void>;
  readonly closed: Promise<void>;
  readonly addresses = new Map<string, string>();
  readonly admin: AdminView;
  readonly #log: Log;
  readonly #reloads: Reloads;
  readonly #work: HouseWork;
  readonly #replaces: boolean;
  readonly #stopping = new AbortController();
  readonly #leaving = new AbortController();
  readonly #bound = Promise.withResolvers<void>();
  readonly #markClosed: () => void;
  #adminServers: Promise<AdminServers> | undefined;
  #leadership: Standing | undefined;
  #started = false;
  #hasSuccessor = false;
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor({ config, log, resolve = (it) => it, work, replaces = false, openLeadership }: HouseOptions) {
    this.#log = log;
    this.#work = work;
    this.#replaces = replaces;
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
    this.ready = this.#open(openLeadership);
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

  async #open(openLeadership: HouseOptions['openLeadership']): Promise<void> {
    try {
      this.#leadership = await openLeadership?.();
      if (!this.#replaces) await this.#openAdmin();
      this.#refuseIfClosed();
      const opened = this.#work.open({
        stopping: this.#stopping.signal,
        leaving: this.#leaving.signal,
        addresses: this.addresses,
        bound: (listeners) => this.#noteAddresses(listeners),
        onBound: () => this.#bound.resolve(),
      });
      await Promise.race([opened, this.closed]);
      this.#refuseIfClosed();
      if (this.#replaces) await this.#takePlace();
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#started = true;
    this.#work.onStarted();
    // The lead brings traffic, so it is only for those who can serve it.
    if (!this.#leaving.signal.aborted) this.#leadership?.start(() => readinessOf(this.admin).reasons);
  }

  async #openAdmin(): Promise<void> {
    const { config } = this.#reloads;
    const besideOthers = this.#replaces;
    this.#adminServers = startAdminServers({ config, view: this.admin, log: this.#log, besideOthers });
    for (const [name, address] of (await this.#adminServers).addresses) this.addresses.set(name, address);
  }

  /** All is ready: up to here the former process has answered whoever asked, from here on it is this one. */
  async #takePlace(): Promise<void> {
    this.#started = true;
    const { config } = this.#reloads;
    const { role } = this.admin;
    try {
      const hasFound = await takePlace({ config, role, log: this.#log, openAdmin: () => this.#openAdmin() });
      // An address was left in peace for whoever would be there.
      if (!hasFound) await this.#leadership?.clear();
    } catch (error) {
      // Work is coming in already, because the addresses are shared.
      await Promise.race([this.#work.finish(), pause(realClock, RETREAT_MS, this.#stopping.signal)]);
      throw error;
    }
    await this.#work.takePlace?.();
    this.#refuseIfClosed();
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
    const hasSuccessor = this.#hasSuccessor;
    this.#log.info({ delay_ms: hasSuccessor ? 0 : delay, grace_ms: grace }, 'no longer ready; taking leave');
    this.#leaving.abort();
    // First of all nobody is to be sent here any more; readiness went with `#draining`. A successor is at the same place.
    const told = hasSuccessor ? [this.#leadership?.handOver()] : [this.#leadership?.resign(), this.#work.leave()];
    await Promise.race([Promise.all([...told, this.#reloads.end()]), this.closed]);
    if (!hasSuccessor) {
      const gone = Promise.race([this.#work.gone(), this.closed]);
      await Promise.all([gone, this.#delay(delay)]);
    }
    const ended = new AbortController();
    void this.#work.finish().then(() => ended.abort());
    await pause(realClock, grace, AbortSignal.any([this.#stopping.signal, ended.signal]));
    const { left } = this.#work;
    if (left > 0) this.#log.warn({ connections: left }, 'grace is over: cutting what is left');
    await this.close();
  }

  /** What clients know changes in the first half of it; told to go before that, they would come back. */
  async #delay(ms: number): Promise<void> {
    const { signal } = this.#stopping;
    if (ms === 0 || signal.aborted) return;
    await pause(realClock, ms / 2, signal);
    this.#work.releaseClients();
    await pause(realClock, ms / 2, signal);
  }

  async #handOver(): Promise<void> {
    this.#hasSuccessor = true;
    this.#log.info('another process takes the place of this one');
    await this.#work.handOver?.();
    await (await this.#adminServers?.catch(() => undefined))?.leave();
    void this.drain();
  }

  async #close(): Promise<void> {
    this.#stopping.abort();
    this.#leaving.abort();
    const reloaded = this.#reloads.end();
    await Promise.all([this.#leadership?.close(), this.#work.close()]);
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
      sections: () => ({ ...view.sections?.(), ...this.#leaderSection() }),
      collectMetrics: (writer) => {
        view.collectMetrics(writer);
        if (this.#leadership !== undefined) collectLeaderMetrics(this.#leadership.status, writer);
      },
      started: () => this.#started,
      draining: () => this.#draining !== undefined,
      config: () => redactConfig(this.#reloads.config),
      reloads: () => this.#reloads.record,
      drain: () => void this.drain(),
      handOver: () => this.#handOver(),
    };
  }

  #leaderSection(): Readonly<Record<string, unknown>> {
    return this.#leadership === undefined ? {} : { leader: reportLeader(this.#leadership.status) };
  }
}
