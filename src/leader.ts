/**
 * Who leads: a lease in a lock that all candidates see, renewed by whoever has it. Pure; times are milliseconds of the
 * own monotonic clock.
 *
 *   this process | what the lock shows                      | the lease    | next step
 *   -------------|------------------------------------------|--------------|------------------------------
 *   leads        | our session, or nothing seen since       | runs         | renew, every third of the TTL
 *   leads        | anything else                            | runs         | renew now: the answer decides
 *   leads        | any                                      | over         | stop, before anything else
 *   follows      | not looked at yet                        | any          | look
 *   follows      | never an entry; given back; or ours      | any          | claim
 *   follows      | left to the next one on this machine     | any          | claim
 *   follows      | nobody's session, not given back         | runs         | wait for its end
 *   follows      | nobody's session, not given back         | over         | claim
 *   follows      | another's session                        | runs         | wait for its end
 *   follows      | another's session                        | over         | evict
 *
 * A leader's lease runs from the moment that it SENT the renewal which was confirmed last, for the TTL less a margin. A
 * follower counts the whole TTL, that of the leader where it is longer than its own, from the moment that it SAW that
 * renewal, which is later. So the leader has stopped
 * before anyone else may claim, whatever became of its session meanwhile (destroyed by hand, its node gone from Consul),
 * and Consul's own slowness does not matter: a session that is not renewed lives for up to twice its TTL there, which is
 * why a follower evicts it. Only a process that stands still cannot stop; for an address the kernel does that (vip.ts).
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

export interface LeaderState {
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
  session: undefined,
  renewedAtMs: undefined,
  doubted: false,
  seen: undefined,
  pausedUntilMs: Number.NEGATIVE_INFINITY,
};

export type LeaderStep =
  | { readonly kind: 'look' | 'claim' | 'renew' | 'stop' }
  /** `session` is to be destroyed. */
  | { readonly kind: 'evict'; readonly session: string }
  | { readonly kind: 'wait'; readonly untilMs: number };

export function nextStep(state: LeaderState, nowMs: number, timing: LeaderTiming): LeaderStep {
  const endMs = leadsUntilMs(state, timing);
  if (endMs === undefined) return followerStep(state, nowMs, timing);
  if (nowMs >= endMs) return { kind: 'stop' };
  const renewAtMs = state.doubted ? nowMs : (state.renewedAtMs ?? 0) + timing.renewEveryMs;
  const dueMs = Math.max(renewAtMs, state.pausedUntilMs);
  return nowMs >= dueMs ? { kind: 'renew' } : { kind: 'wait', untilMs: Math.min(dueMs, endMs) };
}

function followerStep({ session, seen, pausedUntilMs }: LeaderState, nowMs: number, timing: LeaderTiming): LeaderStep {
  if (nowMs < pausedUntilMs) return { kind: 'wait', untilMs: pausedUntilMs };
  if (seen === undefined) return { kind: 'look' };
  const { entry, sinceMs } = seen;
  if (entry === undefined) return { kind: 'claim' };
  const owner = entry.session ?? entry.writer;
  if (session !== undefined && owner === session) return { kind: 'claim' };
  const isGivenBack = (entry.released || entry.leftToUs) && entry.session === undefined;
  const overAtMs = sinceMs + Math.max(timing.ttlMs, entry.ttlMs ?? 0);
  if (!isGivenBack && nowMs < overAtMs) return { kind: 'wait', untilMs: overAtMs };
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

/** A claim or a renewal was taken, which was sent at `sentAtMs`; it may be so old that the next step is `stop`. */
export function confirmed(state: LeaderState, session: string, sentAtMs: number): LeaderState {
  return { ...state, session, renewedAtMs: sentAtMs, doubted: false, pausedUntilMs: Number.NEGATIVE_INFINITY };
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
