/** The lock that elects a leader: a key of Consul held by a session (developer.hashicorp.com/consul/docs, "Sessions"). */
import type { LeaderConfig } from '../config/root.ts';
import type { ConsulAnswer } from '../consul/answer.ts';
import type { ConsulIndex } from '../consul/cursor.ts';
import { FROM_START } from '../consul/cursor.ts';
import { kvPath } from '../consul/kv-value.ts';
import { formatLockNote, type LockNote, lockWish, readLock, sameLock } from '../consul/lock-entry.ts';
import { formatDuration } from '../duration.ts';
import type { LockEntry } from '../leader.ts';
import { openBlockingWatch, type WatchTiming } from './blocking-watch.ts';
import { type ConsulCall, callConsul, statusOf } from './consul-call.ts';
import type { ConsulClient } from './consul-client.ts';

export interface ConsulLockOptions {
  readonly consul: ConsulClient;
  readonly config: LeaderConfig;
  /** What this process is called in the lock. */
  readonly holder: string;
  /** The network stack that it is on; undefined where that cannot be told. */
  readonly place?: string | undefined;
}

/** What became of a claim or a renewal that Consul has answered. */
export type HoldResult =
  | { readonly kind: 'held'; readonly session: string }
  /** Another session has the lock, or the lock delay runs. */
  | { readonly kind: 'refused' }
  /** Our session was there to be renewed, and Consul does not know it any more. */
  | { readonly kind: 'session gone' };

export interface ClaimOptions {
  /** Whether this process could do what it leads for. Default: it could. */
  readonly ready?: boolean;
  /** How long others are to wait for it at least, until it is renewed. Default: as long as always. */
  readonly atLeastMs?: number;
}

/** A call that takes longer than this has failed: several have to fit into a lease. */
const CALL_SHARE_OF_TTL = 5;
const LONGEST_CALL_MS = 5_000;
/** Each of the two words of a goodbye. */
const GOODBYE_MS = 1_000;

export class ConsulLock {
  readonly #options: ConsulLockOptions;
  readonly #timeoutMs: number;
  #session: string | undefined;
  #beat = 0;

  constructor(options: ConsulLockOptions) {
    this.#options = options;
    this.#timeoutMs = Math.min(LONGEST_CALL_MS, options.config.session_ttl / CALL_SHARE_OF_TTL);
  }

  /** Tells of every change of the lock until it is closed; failures are told too, and asked again after a while. */
  watch(timing: WatchTiming, onReading: (reading: ReturnType<typeof readLock>) => void): { close(): void } {
    return openBlockingWatch({
      ...timing,
      client: this.#options.consul,
      pathAt: (index, waitMs) => this.#path(index, waitMs),
      read: (answer) => readLock(answer, this.#options.place),
      isSame: sameLock,
      onReading,
    });
  }

  /** The lock as it is now; undefined where nobody has ever held it. Rejects when there is no answer that can be believed. */
  async look(signal: AbortSignal): Promise<LockEntry | undefined> {
    const reading = readLock(await this.#get(signal), this.#options.place);
    if (reading.kind === 'failed') throw reading.error;
    return reading.value;
  }

  /** Takes the lock, with a session of its own where there is none yet. Rejects when the answer is not known. */
  async claim(cut: AbortSignal, options: ClaimOptions = {}): Promise<HoldResult> {
    if (this.#session !== undefined && !(await this.#renewSession(this.#session, cut))) this.#session = undefined;
    this.#session ??= await this.#createSession(cut);
    return this.#acquire(this.#session, cut, options);
  }

  /** Keeps the lock, and shows others that we do. Rejects when the answer is not known. */
  async renew(cut: AbortSignal, ready = true): Promise<HoldResult> {
    const session = this.#session;
    if (session === undefined) return { kind: 'session gone' };
    if (await this.#renewSession(session, cut)) return this.#acquire(session, cut, { ready });
    this.#session = undefined;
    return { kind: 'session gone' };
  }

  /** Asks a leader for the lead that says that it is not ready, unless it has written again since. */
  async ask(cut: AbortSignal): Promise<void> {
    const wish = lockWish(await this.#get(cut), this.#options.holder);
    if (wish === undefined) return;
    const options = { key: this.#options.config.consul_lock, ...wish, ...this.#place };
    await this.#call(cut, (api, common) => api.kv.set({ ...options, ...common }));
  }

  /** Takes the lock from a session that is silent; the lock delay begins. One that is gone already is no failure. */
  async evict(session: string, cut: AbortSignal): Promise<void> {
    await this.#call(cut, (api, common) => api.session.destroy({ id: session, ...this.#place, ...common }));
  }

  /**
   * Gives the lock back, so that others take it without any delay, and ends the session; `heir` names a place where it may
   * be taken so, and nobody else does. Rejects when that is not sure.
   */
  async release(heir?: string): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    this.#session = undefined;
    const { consul, config } = this.#options;
    const value = this.#note(session, { released: heir === undefined, heir });
    const options = { key: config.consul_lock, value, release: session, ...this.#place };
    try {
      await callConsul(consul, { timeoutMs: GOODBYE_MS }, (api, common) => api.kv.set({ ...options, ...common }));
    } finally {
      // Also what may still be under way cannot take the lock again then.
      await callConsul(consul, { timeoutMs: GOODBYE_MS }, (api, common) =>
        api.session.destroy({ id: session, ...this.#place, ...common }),
      );
    }
  }

  async #acquire(session: string, cut: AbortSignal, words: ClaimOptions): Promise<HoldResult> {
    const options = {
      key: this.#options.config.consul_lock,
      value: this.#note(session, words),
      acquire: session,
    };
    const isTaken = await this.#call(cut, (api, common) => api.kv.set({ ...options, ...this.#place, ...common }));
    return isTaken ? { kind: 'held', session } : { kind: 'refused' };
  }

  /**
   * Without health checks: one of them, the default `serfHealth` too, could end the session while its owner still holds
   * the lease, for reasons that the owner does not know of.
   */
  async #createSession(cut: AbortSignal): Promise<string> {
    const { consul_lock: key, session_ttl: ttl, lock_delay: delay } = this.#options.config;
    const created = await this.#call(cut, (api, common) =>
      api.session.create({
        name: `outrigger ${key}`,
        ttl: formatDuration(ttl),
        lockdelay: formatDuration(delay),
        behavior: 'release',
        checks: [],
        ...this.#place,
        ...common,
      }),
    );
    const id: unknown = (created as { ID?: unknown } | undefined)?.ID;
    if (typeof id !== 'string' || id === '') throw new Error('consul has made a session without an id');
    return id;
  }

  /** False where Consul does not know the session any more. */
  async #renewSession(session: string, cut: AbortSignal): Promise<boolean> {
    try {
      await this.#call(cut, (api, common) => api.session.renew({ id: session, ...this.#place, ...common }));
      return true;
    } catch (error) {
      if (statusOf(error) === 404) return false;
      throw error;
    }
  }

  #note(session: string, words: ClaimOptions & Partial<Pick<LockNote, 'released' | 'heir'>>): string {
    this.#beat += 1;
    const { holder, config } = this.#options;
    const { ready = true, atLeastMs = 0, released = false, heir } = words;
    const ttlMs = Math.max(config.session_ttl, atLeastMs);
    return formatLockNote({ holder, session, beat: this.#beat, released, ttlMs, ready, heir });
  }

  #get(signal: AbortSignal): Promise<ConsulAnswer> {
    const options = { deadlineMs: this.#timeoutMs, signal, blocking: false };
    return this.#options.consul.get(this.#path(FROM_START, 0), options);
  }

  #path(index: ConsulIndex, waitMs: number): string {
    const { consul, config } = this.#options;
    const { datacenter } = consul.settings;
    return kvPath({ key: config.consul_lock, datacenter, consistency: 'consistent' }, index, waitMs);
  }

  get #place(): { readonly dc?: string } {
    const { datacenter } = this.#options.consul.settings;
    return datacenter === undefined ? {} : { dc: datacenter };
  }

  #call<T>(cut: AbortSignal, call: ConsulCall<T>): Promise<T> {
    return callConsul(this.#options.consul, { timeoutMs: this.#timeoutMs, cut }, call);
  }
}
