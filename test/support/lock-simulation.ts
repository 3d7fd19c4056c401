/**
 * Candidates at one lock of a Consul made of a few lines, in simulated time: calls take as long as they like or are
 * lost, processes die and stand still, sessions are destroyed and the key is deleted by hand.
 */
import {
  confirmed,
  FOLLOWER,
  failed,
  foundReady,
  type LeaderState,
  type LeaderTiming,
  type LockEntry,
  leaderTiming,
  leadsUntilMs,
  nextStep,
  saw,
  stopped,
} from '../../src/leader.ts';

/** The first candidate has the first one, and so on. */
const TTLS_MS = [10_000, 25_000, 14_000];
const LOCK_DELAY_MS = 1_000;
const TICK_MS = 50;

export interface SimulationOptions {
  readonly seed: number;
  readonly candidates: number;
  readonly seconds: number;
  /** Without it the only trouble is that each leader is killed after a while. */
  readonly trouble: boolean;
  /** All have a TTL of 10 s; otherwise each one of its own. */
  readonly sameTtl: boolean;
}

export interface SimulationResult {
  /** Moments at which several acted as the leader. */
  readonly together: readonly string[];
  /** The longest time from the death of a leader to the next one. */
  readonly longestGapMs: number;
}

export function simulate({ seed, candidates, seconds, trouble, sameTtl }: SimulationOptions): SimulationResult {
  const random = randomFrom(seed);
  const lock = new FakeLock(random);
  const all = Array.from(
    { length: candidates },
    (_, i) => new Candidate(`c${i}`, lock, { random, trouble, ttlMs: (sameTtl ? TTLS_MS[0] : TTLS_MS[i % 3]) ?? 0 }),
  );
  const together: string[] = [];
  let longestGapMs = 0;
  let lastLedMs = 0;
  let killAtMs = 5_000 + random() * 10_000;
  for (let nowMs = 0; nowMs < seconds * 1_000; nowMs += TICK_MS) {
    lock.tick(nowMs);
    for (const it of all) it.tick(nowMs);
    if (trouble && random() < 0.002) lock.meddle(nowMs);
    const leaders = all.filter((it) => it.acts(nowMs));
    if (leaders.length > 1) together.push(`${nowMs}: ${leaders.map((it) => it.name).join(' and ')}`);
    if (leaders.length > 0) {
      longestGapMs = Math.max(longestGapMs, nowMs - lastLedMs);
      lastLedMs = nowMs;
    }
    if (!trouble && nowMs > killAtMs && leaders.length > 0) {
      leaders[0]?.die(nowMs);
      killAtMs = nowMs + 20_000 + random() * 10_000;
    }
  }
  return { together, longestGapMs };
}

/** Mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

class FakeLock {
  entry: LockEntry | undefined;
  readonly #random: () => number;
  /** Session → when it ends. */
  readonly #sessions = new Map<string, number>();
  #delayedUntilMs = 0;
  #created = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Between the TTL and twice of it, as Consul has it. */
  #endOf(ttlMs: number, nowMs: number): number {
    return nowMs + ttlMs * (1 + this.#random());
  }

  create(ttlMs: number, nowMs: number): string {
    this.#created += 1;
    const session = `s${this.#created}`;
    this.#sessions.set(session, this.#endOf(ttlMs, nowMs));
    return session;
  }

  renew(session: string, ttlMs: number, nowMs: number): boolean {
    if (!this.#sessions.has(session)) return false;
    this.#sessions.set(session, this.#endOf(ttlMs, nowMs));
    return true;
  }

  acquire(session: string, note: Pick<LockEntry, 'beat' | 'ttlMs' | 'ready'>, nowMs: number): boolean {
    if (!this.#sessions.has(session)) return false;
    const held = this.entry?.session;
    if (held !== undefined && held !== session) return false;
    if (held === undefined && nowMs < this.#delayedUntilMs) return false;
    const words = { holder: undefined, released: false, leftToUs: false, wanted: false };
    this.entry = { ...note, ...words, session, writer: session };
    return true;
  }

  /** Only the very entry that was seen. */
  ask(entry: LockEntry | undefined): void {
    if (entry !== undefined && entry === this.entry && entry.session !== undefined)
      this.entry = { ...entry, wanted: true };
  }

  giveBack(session: string): void {
    if (this.entry?.session === session)
      this.entry = { ...this.entry, beat: `${session} is gone`, session: undefined, released: true };
    this.#sessions.delete(session);
  }

  destroy(session: string, nowMs: number): void {
    this.#sessions.delete(session);
    if (this.entry?.session !== session) return;
    this.entry = { ...this.entry, session: undefined };
    this.#delayedUntilMs = nowMs + LOCK_DELAY_MS;
  }

  tick(nowMs: number): void {
    for (const [session, endMs] of this.#sessions) if (nowMs >= endMs) this.destroy(session, nowMs);
  }

  /** Somebody does by hand what should not be done, where nobody has to be protected from a follower that has just come. */
  meddle(nowMs: number): void {
    const session = this.entry?.session;
    if (session !== undefined) this.destroy(session, nowMs);
  }
}

interface Call {
  readonly sentAtMs: number;
  /** When Consul does it; never where the request is lost. */
  readonly doneAtMs: number;
  readonly answeredAtMs: number;
  readonly run: (nowMs: number) => (state: LeaderState, nowMs: number) => LeaderState;
  apply?: (state: LeaderState, nowMs: number) => LeaderState;
}

class Candidate {
  readonly name: string;
  readonly #lock: FakeLock;
  readonly #random: () => number;
  readonly #trouble: boolean;
  readonly #timing: LeaderTiming;
  #state = FOLLOWER;
  #call: Call | undefined;
  #session: string | undefined;
  #beat = 0;
  #stillUntilMs = 0;

  constructor(
    name: string,
    lock: FakeLock,
    { random, trouble, ttlMs }: { random: () => number; trouble: boolean; ttlMs: number },
  ) {
    this.name = name;
    this.#lock = lock;
    this.#random = random;
    this.#trouble = trouble;
    this.#timing = leaderTiming(ttlMs);
  }

  /** One that stands still acts for no longer than its lease: the kernel takes the address away. */
  acts(nowMs: number): boolean {
    return nowMs < (leadsUntilMs(this.#state, this.#timing) ?? 0);
  }

  die(nowMs: number): void {
    this.#state = FOLLOWER;
    this.#call = undefined;
    this.#session = undefined;
    this.#stillUntilMs = nowMs + 15_000;
  }

  tick(nowMs: number): void {
    const call = this.#call;
    // What was sent is done even if the sender stands still or is gone.
    if (call !== undefined && call.apply === undefined && nowMs >= call.doneAtMs) call.apply = call.run(nowMs);
    if (nowMs < this.#stillUntilMs) return;
    if (this.#trouble && this.#random() < 0.001) {
      this.#stillUntilMs = nowMs + this.#random() * 40_000;
      return;
    }
    if (this.#trouble && this.#random() < 0.0005) {
      this.die(nowMs);
      return;
    }
    if (this.#trouble && this.#random() < 0.002) this.#state = foundReady(this.#state, !this.#state.ready);
    const { kind } = nextStep(this.#state, nowMs, this.#timing);
    if (kind === 'stop') this.#state = stopped(this.#state);
    if (kind === 'yield') this.#yield(nowMs);
    if (call !== undefined) this.#settle(call, nowMs);
    else this.#begin(nowMs);
  }

  #settle(call: Call, nowMs: number): void {
    if (nowMs >= call.answeredAtMs && call.apply !== undefined) this.#state = call.apply(this.#state, nowMs);
    else if (nowMs - call.sentAtMs > 2_500) this.#state = failed(this.#state, nowMs + 200);
    else return;
    this.#call = undefined;
  }

  #begin(nowMs: number): void {
    // Something like a watch, which sees changes late, early or not at all.
    if (this.#random() < 0.3) this.#state = saw(this.#state, this.#lock.entry, nowMs);
    const step = nextStep(this.#state, nowMs, this.#timing);
    if (step.kind === 'look') {
      this.#send(nowMs, () => {
        const { entry } = this.#lock;
        return (state, at) => saw(state, entry, at);
      });
    } else if (step.kind === 'evict') {
      this.#send(nowMs, (at) => {
        // Looks first: a beat that was not seen yet ends the matter.
        const { entry } = this.#lock;
        if (entry?.beat === this.#state.seen?.entry?.beat) this.#lock.destroy(step.session, at);
        const after = this.#lock.entry;
        return (state, then) => saw(state, after, then);
      });
    } else if (step.kind === 'ask') {
      const { entry } = this.#lock;
      this.#send(nowMs, () => {
        this.#lock.ask(entry);
        return (state, at) => failed(saw(state, this.#lock.entry, at), at + 250);
      });
    } else if (step.kind === 'claim' || step.kind === 'renew') this.#send(nowMs, this.#hold(step.kind, nowMs));
  }

  /** What is under way is called off; that it may be done all the same is for the session to prevent, which is ended. */
  #yield(nowMs: number): void {
    this.#state = stopped(this.#state, nowMs + this.#timing.ttlMs);
    this.#call = undefined;
    if (this.#session !== undefined) this.#lock.giveBack(this.#session);
    this.#session = undefined;
  }

  #hold(kind: 'claim' | 'renew', sentAtMs: number): Call['run'] {
    this.#beat += 1;
    const beat = `${this.name}-${this.#beat}`;
    const { ready } = this.#state;
    return (at) => {
      const before = this.#lock.entry;
      if (kind === 'claim' && before?.beat !== this.#state.seen?.entry?.beat)
        return (state, now) => saw(state, before, now);
      if (this.#session === undefined || !this.#lock.renew(this.#session, this.#timing.ttlMs, at)) {
        if (kind === 'renew') return (state) => stopped(state);
        this.#session = this.#lock.create(this.#timing.ttlMs, at);
      }
      const session = this.#session;
      if (this.#lock.acquire(session, { beat, ttlMs: this.#timing.ttlMs, ready }, at))
        return (state) => confirmed(state, { session, sentAtMs, ready });
      return (state, now) => stopped({ ...state, session }, now + 250);
    };
  }

  #send(nowMs: number, run: Call['run']): void {
    const isLost = this.#trouble && this.#random() < 0.1;
    const tookMs = this.#trouble ? this.#random() ** 4 * 4_000 : this.#random() * 50;
    const doneAtMs = isLost ? Number.POSITIVE_INFINITY : nowMs + tookMs * this.#random();
    this.#call = { sentAtMs: nowMs, doneAtMs, answeredAtMs: nowMs + tookMs, run };
  }
}
