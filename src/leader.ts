/**
 * Who leads: a lease in a lock that all candidates see, renewed by whoever has it. Pure; times are milliseconds of the
 * own monotonic clock.
 *
 *   this process | what the lock shows                      | the lease    | next step
 *   -------------|------------------------------------------|--------------|------------------------------
 *   leads        | our session, or nothing seen since       | runs         | renew, every third of the TTL
 *   leads        | the same, and one that is ready wants it | runs         | yield, where we are not ready
 *   leads        | anything else                            | runs         | renew now: the answer decides
 *   leads        | any                                      | over         | stop, before anything else
 *   follows      | not looked at yet                        | any          | look
 *   follows      | never an entry; given back; or ours      | any          | claim
 *   follows      | left to the next one on this machine     | any          | claim
 *   follows      | nobody's session, not given back         | runs         | wait for its end
 *   follows      | nobody's session, not given back         | over         | claim
 *   follows      | another's session                        | runs         | wait for its end
 *   follows      | the same, of one that is not ready       | runs         | ask for it, where we are ready
 *   follows      | another's session                        | over         | evict
 *
 * What is given back or over is so for a follower that is not ready only a while later: one that is may come first. Where
 * there is none it leads all the same: whoever answers that he cannot serve says more than nobody.
 *
 * A leader's lease runs from the moment that it SENT the renewal which was confirmed last, for the TTL less a margin. A
 * follower counts the whole TTL, that of the leader where it is longer than its own, from the moment that it SAW that
 * renewal, which is later. So the leader has stopped before anyone else may claim, whatever became of its session meanwhile (destroyed by hand, its node gone from Consul),
 * and Consul's own slowness does not matter: a session that is not renewed lives for up to twice its TTL there, which is
 * why a follower evicts it. Only a process that stands still cannot stop; for an address the kernel does that (io/virtual-address.ts).
 */

export interface LockEntry {
  /** Another one for each renewal; equal as long as nobody has written. */
  readonly beat: string;
  /** The session that holds the lock now. */
  readonly session: string | undefined;
  /** The session that it was written with. */
  readonly writer: string | undefined;
  /** The name of the process that wrote it, for people. */
  readonly holder: string | undefined;
  /** Its writer has said that it leads no more. */
  readonly released: boolean;
  /** How long its writer leads after a renewal; undefined where it does not say. */
  readonly ttlMs: number | undefined;
  /** Its writer has left the lead, and what goes with it, to another process on its machine, and that is where we are. */
  readonly leftToUs: boolean;
  /** Its writer says that it could do what it leads for. */
  readonly ready: boolean;
  /** Another one that could has asked for the lead since. */
  readonly wanted: boolean;
}

export interface LeaderTiming {
  readonly ttlMs: number;
  /** How much earlier than a follower may claim a leader stops: to take effect, and for clocks of unequal pace. */
  readonly marginMs: number;
  readonly renewEveryMs: number;
}

/** 2 s to take effect (the kernel counts in whole seconds), and one part in a hundred for clocks. `ttlMs` ≥ 10,000. */
export function leaderTiming(ttlMs: number): LeaderTiming {
  return { ttlMs, marginMs: 2_000 + ttlMs / 100, renewEveryMs: ttlMs / 3 };
}

/** How much later one that is not ready claims what is free: enough for one that is to have seen it and claimed. */
const PATIENCE_MS = 3_000;

export interface LeaderState {
  /** Whether this process could do what it leads for. */
  readonly ready: boolean;
  /** What of that the renewal said that was confirmed last. */
  readonly saidReady: boolean;
  /** Our last session, be it alive or not. */
  readonly session: string | undefined;
  /** When the renewal was sent that was confirmed last; undefined while we follow. */
  readonly renewedAtMs: number | undefined;
  /** While we lead: the lock has shown something else than our session since. */
  readonly doubted: boolean;
  /** `sinceMs` is when its beat was seen first; undefined while nothing is known. */
  readonly seen: { readonly entry: LockEntry | undefined; readonly sinceMs: number } | undefined;
  /** No step but `stop` before this. */
  readonly pausedUntilMs: number;
}

export const FOLLOWER: LeaderState = {
  ready: true,
  saidReady: true,
  session: undefined,
  renewedAtMs: undefined,
  doubted: false,
  seen: undefined,
  pausedUntilMs: Number.NEGATIVE_INFINITY,
};

export type LeaderStep =
  | { readonly kind: 'look' | 'claim' | 'ask' | 'renew' | 'yield' | 'stop' }
  /** `session` is to be destroyed. */
  | { readonly kind: 'evict'; readonly session: string }
  | { readonly kind: 'wait'; readonly untilMs: number };

export function nextStep(state: LeaderState, nowMs: number, timing: LeaderTiming): LeaderStep {
  const endMs = leadsUntilMs(state, timing);
  if (endMs === undefined) return followerStep(state, nowMs, timing);
  if (nowMs >= endMs) return { kind: 'stop' };
  const { entry } = state.seen ?? {};
  if (!state.ready && entry?.wanted === true && entry.session === state.session) return { kind: 'yield' };
  const renewAtMs =
    state.doubted || state.saidReady !== state.ready ? nowMs : (state.renewedAtMs ?? 0) + timing.renewEveryMs;
  const dueMs = Math.max(renewAtMs, state.pausedUntilMs);
  return nowMs >= dueMs ? { kind: 'renew' } : { kind: 'wait', untilMs: Math.min(dueMs, endMs) };
}

function followerStep(state: LeaderState, nowMs: number, timing: LeaderTiming): LeaderStep {
  const { session, seen, pausedUntilMs, ready } = state;
  if (nowMs < pausedUntilMs) return { kind: 'wait', untilMs: pausedUntilMs };
  if (seen === undefined) return { kind: 'look' };
  const { entry, sinceMs } = seen;
  if (entry === undefined) return { kind: 'claim' };
  const owner = entry.session ?? entry.writer;
  if (session !== undefined && owner === session) return { kind: 'claim' };
  if (entry.leftToUs && entry.session === undefined) return { kind: 'claim' };
  const isGivenBack = entry.released && entry.session === undefined;
  const leaseMs = isGivenBack ? 0 : Math.max(timing.ttlMs, entry.ttlMs ?? 0);
  const overAtMs = sinceMs + leaseMs + (ready ? 0 : PATIENCE_MS);
  if (nowMs < overAtMs) {
    const canAsk = ready && entry.session !== undefined && !entry.ready && !entry.wanted;
    return canAsk ? { kind: 'ask' } : { kind: 'wait', untilMs: overAtMs };
  }
  return entry.session === undefined ? { kind: 'claim' } : { kind: 'evict', session: entry.session };
}

/** When the lease ends, and with it all that a leader may do; undefined while we follow. */
export function leadsUntilMs({ renewedAtMs }: LeaderState, { ttlMs, marginMs }: LeaderTiming): number | undefined {
  return renewedAtMs === undefined ? undefined : renewedAtMs + ttlMs - marginMs;
}

/** When others may claim what we lead with; undefined while we follow. */
export function othersClaimAtMs({ renewedAtMs }: LeaderState, { ttlMs }: LeaderTiming): number | undefined {
  return renewedAtMs === undefined ? undefined : renewedAtMs + ttlMs;
}

/** The lock was read; undefined where there is none. */
export function saw(state: LeaderState, read: LockEntry | undefined, nowMs: number): LeaderState {
  const { seen } = state;
  // Whoever held a lock that was deleted by hand may not have heard of it: the lease goes on all the same.
  const kept = read ?? (seen?.entry === undefined ? undefined : { ...seen.entry, session: undefined });
  // The same for a value that was written by hand, which does not say how long the lease is.
  const entry = kept && { ...kept, ttlMs: kept.ttlMs ?? seen?.entry?.ttlMs };
  // An eviction changes who holds the lock and not the beat: the lease that has run out stays so.
  const isSameBeat = seen !== undefined && seen.entry?.beat === entry?.beat;
  const sinceMs = isSameBeat ? seen.sinceMs : nowMs;
  const isOurs = entry?.session !== undefined && entry.session === state.session;
  const doubted = state.renewedAtMs !== undefined && !isOurs;
  return { ...state, seen: { entry, sinceMs }, doubted: state.doubted || doubted };
}

/**
 * How long others have to wait for us at least after a claim: what was left to us stays for as long as it was put there
 * for, also if we die before we have taken it over.
 */
export function inheritedTtlMs({ seen }: LeaderState): number {
  return seen?.entry?.leftToUs === true ? (seen.entry.ttlMs ?? 0) : 0;
}

/** Whether this process could do what it leads for has been found out. */
export function foundReady(state: LeaderState, ready: boolean): LeaderState {
  return { ...state, ready };
}

export interface Confirmation {
  readonly session: string;
  readonly sentAtMs: number;
  /** What it said of us. */
  readonly ready: boolean;
}

/** A claim or a renewal was taken; it may be so old that the next step is `stop`. */
export function confirmed(state: LeaderState, { session, sentAtMs, ready }: Confirmation): LeaderState {
  const renewed = { session, renewedAtMs: sentAtMs, saidReady: ready };
  return { ...state, ...renewed, doubted: false, pausedUntilMs: Number.NEGATIVE_INFINITY };
}

/** We lead no more, or not now: the lock is another's, our session is gone, or the lease is over. */
export function stopped(state: LeaderState, pausedUntilMs = state.pausedUntilMs): LeaderState {
  // What was seen while we led says nothing of what is there now.
  const seen = state.renewedAtMs === undefined ? state.seen : undefined;
  return { ...state, renewedAtMs: undefined, doubted: false, seen, pausedUntilMs };
}

/** Consul has not answered, or not understandably; nothing is known but that. */
export function failed(state: LeaderState, pausedUntilMs: number): LeaderState {
  return { ...state, pausedUntilMs };
}
