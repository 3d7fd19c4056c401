/** One try at an endpoint as its cluster's policy learns from it. One object serves all tries of an exchange. */
import type { TryOutcome } from '../../src/balance/policy.ts';
import type { Endpoint } from '../../src/endpoint.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import type { Outcome } from '../traffic.ts';
import { outcomeOfStatus, outcomeWithoutAnswer, retryAfterMs } from '../try-outcome.ts';
import type { UpstreamCluster } from './upstream-cluster.ts';

/** Reads no clock and does nothing where the policy does not learn. */
export class MeasuredTry {
  /** Undefined between tries, after the head of an answer, and where the policy does not learn. */
  #cluster: UpstreamCluster | undefined;
  #endpoint: Endpoint | undefined;
  /** When the endpoint could begin to answer; NaN while the client is still sending. */
  #startedAt = Number.NaN;

  /** `isWhole`: there is nothing more of the request to come. */
  begin(cluster: UpstreamCluster, endpoint: Endpoint, isWhole: boolean): void {
    if (cluster.snapshot.picker.observe === undefined) return;
    this.#cluster = cluster;
    this.#endpoint = endpoint;
    this.#startedAt = isWhole ? performance.now() : Number.NaN;
  }

  /** The endpoint has the whole request now. */
  requestSent(): void {
    if (this.#cluster !== undefined) this.#startedAt = performance.now();
  }

  /** What follows the head of an answer, a stream perhaps, is no measure of the endpoint. */
  answered({ status, forwarded }: ResponseHead): void {
    if (this.#cluster === undefined) return;
    const outcome = outcomeOfStatus(status);
    this.#tell(outcome, outcome === 'failed' ? retryAfterMs(forwarded) : 0);
  }

  /** Ended, after an answer or without one. `isReused`: the connection was a kept one. */
  ended(outcome: Outcome, isReused: boolean): void {
    if (this.#cluster === undefined) return;
    this.#tell(outcomeWithoutAnswer(outcome, { isReused, isWhole: !Number.isNaN(this.#startedAt) }), 0);
  }

  /** No sample: the connection has become a tunnel. */
  forget(): void {
    this.#cluster = undefined;
  }

  /** Where nobody measured, only a failure is worth telling. */
  #tell(outcome: TryOutcome | undefined, leaveAloneMs: number): void {
    const cluster = this.#cluster;
    const endpoint = this.#endpoint;
    this.#cluster = undefined;
    if (cluster === undefined || endpoint === undefined || outcome === undefined) return;
    const isMeasured = !Number.isNaN(this.#startedAt);
    if (!isMeasured && outcome !== 'failed') return;
    const latencyMs = isMeasured ? performance.now() - this.#startedAt : 0;
    cluster.snapshot.picker.observe?.(endpoint, Math.max(latencyMs, leaveAloneMs), outcome);
  }
}
