/** How often the clients of one listener have run into each of its limits. */
import { type NewCounts, ownCounts } from './traffic.ts';

/** The settings under `limits`, by their own names, and the PROXY protocol header that a listener may ask for. */
export const LIMITS = [
  'max_connections',
  'max_connections_per_client',
  'max_head',
  'max_headers',
  'head_timeout',
  'idle_timeout',
  'min_body_rate',
  'max_requests_per_connection',
  'proxy_protocol',
] as const;

export type Limit = (typeof LIMITS)[number];

const SLOT = Object.fromEntries(LIMITS.map((limit, slot) => [limit, slot])) as Readonly<Record<Limit, number>>;

export class LimitCounts {
  readonly #counts: Float64Array;

  constructor(newCounts: NewCounts = ownCounts) {
    this.#counts = newCounts('limits', LIMITS.length);
  }

  count(limit: Limit): void {
    this.#counts[SLOT[limit]] = this.of(limit) + 1;
  }

  of(limit: Limit): number {
    return this.#counts[SLOT[limit]] as number;
  }
}
