/** What becomes of a request whose head cannot be accepted: it is answered, counted, and the connection ends. */
import type { Reason } from '../src/error.ts';
import type { HeadIntakeVerdict } from './http1/head-intake.ts';
import type { HeadVerdict } from './http1/request-head.ts';
import type { Limit } from './limit-counts.ts';

export type HeadRefusal = Exclude<HeadIntakeVerdict, 'whole' | 'incomplete'> | Exclude<HeadVerdict, 'ok'> | 'late';

interface Refused {
  readonly reason: Reason;
  /** Instead of the reason's own. */
  readonly status?: number;
  /** Counted by whoever saw it where it is not named here. */
  readonly limit?: Limit;
  /** For the log; without it the head itself says what is wrong with it. */
  readonly problem?: string;
}

export const HEAD_REFUSALS: Readonly<Record<HeadRefusal, Refused>> = {
  malformed: { reason: 'bad_request', problem: 'malformed request head' },
  too_large: { reason: 'head_too_large', limit: 'max_head', problem: 'more bytes than max_head' },
  late: { reason: 'head_timeout', problem: 'the head took too long' },
  bad_request: { reason: 'bad_request' },
  head_too_large: { reason: 'head_too_large', limit: 'max_headers' },
  expectation_failed: { reason: 'bad_request', status: 417 },
};
