/** One try at an endpoint: in flight from its begin to its end, and something for its cluster's policy to learn from. */
import type { TryOutcome } from '../../src/balance/policy.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import type { Outcome } from '../traffic.ts';
import { outcomeOfStatus, outcomeWithoutAnswer, retryAfterMs } from '../try-outcome.ts';
import type { UpstreamCluster } from './upstream-cluster.ts';

/** One object serves all tries of an exchange. It reads no clock where the policy does not learn. */
export class EndpointTry {
  /** Undefined between tries. */
  #cluster: UpstreamCluster | undefined;
  #endpoint: Endpoint | undefined;
  /** The policy learns, and has not been told yet. */
  #isWatched = false;
  /** When the endpoint could begin to answer; NaN while the client is still sending. */
  #startedAt = Number.NaN;

  /** `isWhole`: there is nothing more of the request to come. */
  begin(cluster: UpstreamCluster, endpoint: Endpoint, isWhole: boolean): void {
    this.#cluster = cluster;
    this.#endpoint = endpoint;
    cluster.inFlight.enter(endpoint.slot);
    this.#isWatched = cluster.snapshot.picker.observe !== undefined;
    if (this.#isWatched) this.#startedAt = isWhole ? performance.now() : Number.NaN;
  }

  /** The endpoint has the whole request now. */
  requestSent(): void {
    if (this.#isWatched) this.#startedAt = performance.now();
  }

  /** What follows the head of an answer, a stream perhaps, is no measure of the endpoint. */
  answered({ status, forwarded }: ResponseHead): void {
    if (!this.#isWatched) return;
    const outcome = outcomeOfStatus(status);
    this.#tell(outcome, outcome === 'failed' ? retryAfterMs(forwarded) : 0);
  }

  /** It has become a tunnel, and how long that lasts is its users' business. */
  forget(): void {
    this.#isWatched = false;
  }

  /** Ended when it was time. */
  leave(): void {
    this.#cluster?.inFlight.leave((this.#endpoint as Endpoint).slot);
    this.#cluster = undefined;
    this.#isWatched = false;
  }

  /** Ended before its time. `isReused`: the connection was a kept one. */
  ended(outcome: Outcome, isReused: boolean): void {
    if (this.#isWatched) {
      this.#tell(outcomeWithoutAnswer(outcome, { isReused, isWhole: !Number.isNaN(this.#startedAt) }), 0);
    }
    this.leave();
  }

  /** Where nobody measured, only a failure is worth telling. */
  #tell(outcome: TryOutcome | undefined, leaveAloneMs: number): void {
    this.#isWatched = false;
    const isMeasured = !Number.isNaN(this.#startedAt);
    if (outcome === undefined || (!isMeasured && outcome !== 'failed')) return;
    const latencyMs = isMeasured ? performance.now() - this.#startedAt : 0;
    const picker = this.#cluster?.snapshot.picker;
    picker?.observe?.(this.#endpoint as Endpoint, Math.max(latencyMs, leaveAloneMs), outcome);
  }
}
