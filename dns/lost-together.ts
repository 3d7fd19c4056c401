/** Whether the members that a record lost last went together with those before: then the last good set is all of theirs. */
import type { Ip } from './ip.ts';

/** Without probes: what Consul says of several is seldom further apart, where it has one cause. */
const UNPROBED_SPREAD_MS = 1_000;
/** Probes begin anywhere in the interval, and each may be a tenth late. */
const SPREAD_INTERVALS = 1.25;

interface Former {
  readonly addresses: readonly Ip[];
  readonly endedMs: number;
}

/**
 * When all members are lost by one cause (the network of this server, that of a site), their verdicts still come one
 * after the other within an interval of their probes, and the last set that was up is of the one who was asked last.
 * If the cause is on our side all of them serve, and that one would get what is meant for all.
 */
export class LostTogether {
  readonly #spreadMs: number;
  /** Good sets that ended within the spread, the oldest first. */
  #former: readonly Former[] = [];

  /** `intervalMs` is that of probes; undefined where there are none. */
  constructor(intervalMs: number | undefined) {
    this.#spreadMs = intervalMs === undefined ? UNPROBED_SPREAD_MS : intervalMs * SPREAD_INTERVALS;
  }

  /** `addresses` were the good set up to now, and are not any more. */
  note(addresses: readonly Ip[], nowMs: number): void {
    this.#former = [...this.#recent(nowMs), { addresses, endedMs: nowMs }];
  }

  /** Nobody is up: the set that `last` is the rest of; undefined where it was the set for long enough by itself. */
  wholeOf(last: readonly Ip[], nowMs: number): readonly Ip[] | undefined {
    const whole = this.#recent(nowMs).find(({ addresses }) => last.every((ip) => addresses.includes(ip)));
    this.#former = [];
    return whole?.addresses;
  }

  #recent(nowMs: number): readonly Former[] {
    return this.#former.filter(({ endedMs }) => nowMs - endedMs < this.#spreadMs);
  }
}
