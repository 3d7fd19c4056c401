/** One candidate for the lead: looks, claims, renews and gives up, as leader.ts says, and takes the office with it. */
import { backoffMs } from '../backoff.ts';
import type { LeaderConfig } from '../config/root.ts';
import {
  confirmed,
  FOLLOWER,
  failed,
  foundReady,
  inheritedTtlMs,
  type LeaderState,
  type LeaderStep,
  leaderTiming,
  leadsUntilMs,
  nextStep,
  othersClaimAtMs,
  saw,
  stopped,
} from '../leader.ts';
import type { LeaderStatus } from '../leader-report.ts';
import { type Clock, pause, realClock } from './clock.ts';
import type { ConsulLock, HoldResult } from './consul-lock.ts';
import type { LeaderOffice } from './leader-office.ts';
import type { Log } from './log.ts';

export interface LeadershipOptions {
  readonly config: LeaderConfig;
  readonly lock: Pick<ConsulLock, 'watch' | 'look' | 'claim' | 'ask' | 'renew' | 'evict' | 'release'>;
  readonly office: LeaderOffice;
  /** What this process is called in the lock. */
  readonly holder: string;
  /** Where it is, for whoever follows it there; undefined where that cannot be told. */
  readonly place?: string | undefined;
  readonly log: Log;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** Short, because a lease may end meanwhile, and an agent on the same machine can bear it. */
const BACKOFF = { baseMs: 200, maxMs: 1_000 };
/** A claim that was refused is made again until the lock delay is over. */
const REFUSED_PAUSE_MS = 250;
/** Readiness counts once it was found the same twice. */
const READY_LOOK_MS = 500;
/** How long a call under way may still take once we are to leave. */
const SETTLE_MS = 1_000;

export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #timing: ReturnType<typeof leaderTiming>;
  readonly #clock: Clock;
  readonly #ending = new AbortController();
  readonly #cutting = new AbortController();
  #state: LeaderState = FOLLOWER;
  #wake = new AbortController();
  #watch: { close(): void } | undefined;
  #obstacles: () => readonly string[] = () => [];
  /** Calls off the next look at our own readiness. */
  #lookAgain: () => void = () => {};
  #running: Promise<void> = Promise.resolve();
  /** Calls off the end of the lease. */
  #lease: () => void = () => {};
  #inOffice = false;
  /** Calls off the claim or the renewal that is under way. */
  #holding = new AbortController();
  /** Resolves to whether others may have at once what goes with the lead. */
  #leaving: Promise<boolean> = Promise.resolve(true);
  #left: Promise<void> | undefined;
  #changes = 0;
  #failures = 0;
  #failure: string | undefined;

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#timing = leaderTiming(options.config.session_ttl);
    this.#clock = options.clock ?? realClock;
  }

  /** Takes off what nobody on this machine can have with good reason; before the start. Rejects where that cannot be done. */
  clear(): Promise<void> {
    return this.#options.office.clear();
  }

  /**
   * Begins to stand for the lead; only once work can be done here. `obstacles` tells why it cannot any more, empty where it
   * can, and is asked again and again: a leader that has some yields to a candidate without, and leads on where there is none.
   */
  start(obstacles: () => readonly string[]): void {
    const { lock, office, random = Math.random } = this.#options;
    if (this.#ending.signal.aborted) return;
    this.#obstacles = () => [...obstacles(), ...(office.obstacle === undefined ? [] : [office.obstacle])];
    this.#state = foundReady(this.#state, this.#isReady);
    this.#followReadiness(this.#isReady);
    this.#watch = lock.watch({ clock: this.#clock, random, backoff: BACKOFF }, (reading) => {
      if (reading.kind === 'value') this.#change(saw(this.#state, reading.value, this.#clock.now()));
    });
    this.#running = this.#run();
  }

  /** Leaves the office, gives the lock back and stands no more. Takes a few seconds at most; never rejects. */
  resign(): Promise<void> {
    this.#left ??= this.#resign();
    return this.#left;
  }

  /**
   * The same, but what goes with the lead stays here, for the process that takes the place of this one: others wait for as
   * long as they would if this one had died.
   */
  handOver(): Promise<void> {
    this.#left ??= this.#resign(this.#options.place);
    return this.#left;
  }

  /** As {@link resign}, without waiting for calls under way. */
  close(): Promise<void> {
    this.#cutting.abort();
    return this.resign();
  }

  get status(): LeaderStatus {
    const { config, holder, office } = this.#options;
    const { renewedAtMs, seen } = this.#state;
    const leading = this.#leads;
    const other = seen?.entry?.session === undefined ? undefined : seen.entry.holder;
    return {
      lock: config.consul_lock,
      leading,
      holder: leading ? holder : other,
      address: office.address,
      renewalAgeMs: renewedAtMs === undefined ? undefined : this.#clock.now() - renewedAtMs,
      changes: this.#changes,
      failure: this.#failure,
    };
  }

  get #leads(): boolean {
    return this.#inOffice && this.#clock.now() < (leadsUntilMs(this.#state, this.#timing) ?? 0);
  }

  get #isReady(): boolean {
    return this.#obstacles().length === 0;
  }

  #followReadiness(before: boolean): void {
    this.#lookAgain = this.#clock.after(READY_LOOK_MS, () => {
      const now = this.#isReady;
      if (now === before && now !== this.#state.ready) this.#noteReadiness(now);
      this.#followReadiness(now);
    });
  }

  #noteReadiness(ready: boolean): void {
    const { log, config } = this.#options;
    const fields = { lock: config.consul_lock, reasons: this.#obstacles() };
    if (ready) log.info({ lock: config.consul_lock }, 'can do again what a leader has to');
    else log.warn(fields, 'cannot do what a leader has to: one that can may have the lead');
    this.#change(foundReady(this.#state, ready));
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const step = nextStep(this.#state, this.#clock.now(), this.#timing);
      if (step.kind === 'wait') await this.#wait(step.untilMs);
      else if (step.kind === 'stop') this.#stop('its lease is over: consul has not confirmed a renewal in time');
      else if (step.kind === 'yield') this.#yield();
      else await this.#attempt(step);
    }
  }

  async #wait(untilMs: number): Promise<void> {
    this.#wake = new AbortController();
    const signal = AbortSignal.any([this.#wake.signal, this.#ending.signal]);
    await pause(this.#clock, untilMs - this.#clock.now(), signal);
  }

  async #attempt(step: LeaderStep): Promise<void> {
    const { log, config, random = Math.random } = this.#options;
    try {
      await this.#take(step);
      this.#failures = 0;
      this.#failure = undefined;
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      this.#failures += 1;
      this.#failure = (error as Error).message;
      const fields = { lock: config.consul_lock, step: step.kind, reason: this.#failure };
      if (this.#failures === 1) log.warn(fields, 'the lock in consul cannot be reached, trying again');
      const pauseMs = backoffMs(this.#failures, random(), BACKOFF);
      this.#change(failed(this.#state, this.#clock.now() + pauseMs));
    }
  }

  async #take(step: LeaderStep): Promise<void> {
    const { lock } = this.#options;
    const { ready } = this.#state;
    if (step.kind === 'renew') return this.#hold((cut) => lock.renew(cut, ready), ready);
    // What a claim or an eviction goes by must be true now.
    const entry = await lock.look(this.#cutting.signal);
    this.#change(saw(this.#state, entry, this.#clock.now()));
    const now = nextStep(this.#state, this.#clock.now(), this.#timing);
    if (this.#ending.signal.aborted || now.kind !== step.kind) return;
    if (now.kind === 'ask') await this.#ask();
    if (now.kind === 'claim') {
      await this.#hold((cut) => lock.claim(cut, { ready, atLeastMs: inheritedTtlMs(this.#state) }), ready);
    }
    if (now.kind === 'evict') await this.#evict(now.session);
  }

  async #ask(): Promise<void> {
    const { lock, log, config } = this.#options;
    log.info(
      { lock: config.consul_lock, holder: this.#state.seen?.entry?.holder },
      'asks for the lead: the leader is not ready',
    );
    await lock.ask(this.#cutting.signal);
    this.#change(failed(this.#state, this.#clock.now() + REFUSED_PAUSE_MS));
  }

  async #evict(session: string): Promise<void> {
    const { lock, log, config } = this.#options;
    await lock.evict(session, this.#cutting.signal);
    const holder = this.#state.seen?.entry?.holder;
    log.warn({ lock: config.consul_lock, holder, session }, 'the leader is silent: its session is ended');
    this.#change(failed(this.#state, this.#clock.now() + Math.max(config.lock_delay, REFUSED_PAUSE_MS)));
  }

  async #hold(call: (cut: AbortSignal) => Promise<HoldResult>, ready: boolean): Promise<void> {
    const sentAtMs = this.#clock.now();
    this.#holding = new AbortController();
    const { signal: calledOff } = this.#holding;
    const result = await call(AbortSignal.any([this.#cutting.signal, calledOff])).catch((error: unknown) => {
      if (!calledOff.aborted) throw error;
    });
    if (result === undefined || calledOff.aborted || this.#ending.signal.aborted) return;
    if (result.kind === 'held') {
      this.#change(confirmed(this.#state, { session: result.session, sentAtMs, ready }));
      await this.#serve();
    } else if (this.#state.renewedAtMs === undefined) {
      this.#change(stopped(this.#state, this.#clock.now() + REFUSED_PAUSE_MS));
    } else this.#stop(result.kind === 'refused' ? 'another holds the lock' : 'its session was ended by another');
  }

  /** Takes the office or stays in it, for as long as the lease lasts now. */
  async #serve(): Promise<void> {
    const { office, log, config, holder } = this.#options;
    const nowMs = this.#clock.now();
    const endMs = leadsUntilMs(this.#state, this.#timing) ?? 0;
    if (nowMs >= endMs) return;
    this.#lease();
    this.#lease = this.#clock.after(endMs - nowMs, () => this.#noteTime());
    if (!this.#inOffice) {
      await this.#leaving;
      // That may have taken seconds.
      const isOver = this.#clock.now() >= (leadsUntilMs(this.#state, this.#timing) ?? 0);
      if (isOver || this.#ending.signal.aborted) return;
      this.#inOffice = true;
      this.#changes += 1;
      log.info({ lock: config.consul_lock, holder, address: office.address }, 'leads');
    }
    const failure = await office.serve(othersClaimAtMs(this.#state, this.#timing) ?? 0, (why) => this.#giveBack(why));
    if (failure !== undefined && this.#inOffice) this.#giveBack(failure);
  }

  /** The lease may be over although a call is still under way. */
  #noteTime(): void {
    const step = nextStep(this.#state, this.#clock.now(), this.#timing);
    if (step.kind === 'stop') this.#stop('its lease is over: consul has not confirmed a renewal in time');
  }

  #stop(why: string): void {
    const { log, config } = this.#options;
    this.#change(stopped(this.#state));
    if (this.#inOffice) log.warn({ lock: config.consul_lock, why }, 'leads no more');
    void this.#leave();
  }

  /** The office cannot be held here. */
  #giveBack(why: string): void {
    const { log, config } = this.#options;
    if (!this.#inOffice) return;
    log.error({ lock: config.consul_lock, reason: why }, 'cannot do what a leader has to, giving the lock back');
    this.#standAside();
  }

  #yield(): void {
    const { log, config } = this.#options;
    log.warn(
      { lock: config.consul_lock, reasons: this.#obstacles() },
      'is not ready, and another is: giving the lock back',
    );
    this.#standAside();
  }

  /** Another may be luckier, so we do not claim before all others could have. */
  #standAside(): void {
    const { lock } = this.#options;
    // Its answer would make us a leader again.
    this.#holding.abort();
    this.#change(stopped(this.#state, this.#clock.now() + this.#timing.ttlMs));
    // What could not be taken off goes with the lease, which others wait for.
    void this.#leave().then((isFree) => (isFree ? lock.release().catch(() => {}) : undefined));
  }

  /** Out of the office at once; resolves when all that goes with it is done. */
  #leave(toHeir = false): Promise<boolean> {
    this.#lease();
    if (!this.#inOffice) return this.#leaving;
    this.#inOffice = false;
    this.#changes += 1;
    this.#leaving = this.#options.office.leave(toHeir);
    return this.#leaving;
  }

  async #resign(heir?: string): Promise<void> {
    const { lock, log, config } = this.#options;
    const led = this.#inOffice;
    this.#ending.abort();
    this.#lookAgain();
    this.#watch?.close();
    const isFree = await this.#leave(heir !== undefined);
    await Promise.race([this.#running, pause(realClock, SETTLE_MS, this.#cutting.signal)]);
    this.#cutting.abort();
    if (!isFree) return;
    try {
      await lock.release(heir);
      const what = heir === undefined ? 'the lock is given back' : 'the lead is left to the process after this one';
      if (led) log.info({ lock: config.consul_lock }, `leads no more: ${what}`);
    } catch (error) {
      const fields = { lock: config.consul_lock, reason: (error as Error).message };
      log.warn(fields, 'could not give the lock back: it is free when its time is over');
    }
  }

  #change(state: LeaderState): void {
    this.#state = state;
    this.#wake.abort();
  }
}
