/** What an answer says of the endpoint that gave it, for policies that learn from it. */
import type { TryOutcome } from '../src/balance/policy.ts';
import type { Outcome } from './traffic.ts';

/** 429 and 5xx: it could not, however quickly it said so. */
export function outcomeOfStatus(status: number): TryOutcome {
  return status === 429 || status >= 500 ? 'failed' : 'answered';
}

export interface UnansweredTry {
  /** On a kept connection. */
  readonly isReused: boolean;
  /** The endpoint had all of the request. */
  readonly isWhole: boolean;
}

/**
 * Of a try that ended before there was an answer; undefined where it says nothing of the endpoint: a kept connection
 * may have been closed while nobody looked, and a client may be slow to send.
 */
export function outcomeWithoutAnswer(outcome: Outcome, { isReused, isWhole }: UnansweredTry): TryOutcome | undefined {
  if (outcome === 'cancelled') return 'abandoned';
  if (outcome === 'upstream_reset' && isReused) return undefined;
  if (outcome === 'timeout' && !isWhole) return undefined;
  return 'failed';
}

const RETRY_AFTER = /\r\nretry-after:[ \t]*(\d{1,9})[ \t]*\r\n/i;

/** `Retry-After` in milliseconds, where `head` (status line and fields, CRLF after each) has one in seconds; else 0. */
export function retryAfterMs(head: string): number {
  return Number(RETRY_AFTER.exec(head)?.[1] ?? 0) * 1_000;
}
