import { describe, expect, test } from 'vitest';
import { ResponseHead } from '../../../sidecar/http1/response-head.ts';
import { OwnInFlight } from '../../../sidecar/in-flight.ts';
import { EndpointTry } from '../../../sidecar/io/endpoint-try.ts';
import type { UpstreamCluster } from '../../../sidecar/io/upstream-cluster.ts';
import type { TryOutcome } from '../../../src/balance/policy.ts';
import { endpoints } from '../../support/endpoints.ts';

const [endpoint] = endpoints('a');

/** A cluster whose policy learns, or not; what it is told, with whether there was a time. */
function clusterThat(learns: boolean) {
  const told: (readonly [TryOutcome, number])[] = [];
  const observe = (_endpoint: unknown, latencyMs: number, outcome: TryOutcome) => void told.push([outcome, latencyMs]);
  const picker = { pick: () => undefined, ...(learns && { observe }) };
  const inFlight = new OwnInFlight();
  return { told, inFlight, cluster: { snapshot: { picker }, inFlight } as unknown as UpstreamCluster };
}

function head(status: number, forwarded = ''): ResponseHead {
  return Object.assign(new ResponseHead(), { status, forwarded });
}

type Step = (it: EndpointTry) => void;

/** What the policy is told, for a request that is whole when the try begins or is not. */
function toldOf(isWhole: boolean, ...steps: readonly Step[]): readonly (readonly [TryOutcome, number])[] {
  const { told, cluster } = clusterThat(true);
  const it = new EndpointTry();
  it.begin(cluster, endpoint!, isWhole);
  for (const step of steps) step(it);
  return told;
}

const outcomes = (told: readonly (readonly [TryOutcome, number])[]): string =>
  told.map(([outcome]) => outcome).join(' ');

describe('a policy that learns', () => {
  test.each<[string, boolean, readonly Step[], string]>([
    ['an answer', true, [(it) => it.answered(head(200))], 'answered'],
    ['a 503', true, [(it) => it.answered(head(503))], 'failed'],
    [
      'an answer once, whatever its end is like',
      true,
      [(it) => it.answered(head(200)), (it) => it.ended('upstream_reset', false)],
      'answered',
    ],
    [
      'an answer to a request that became whole',
      false,
      [(it) => it.requestSent(), (it) => it.answered(head(200))],
      'answered',
    ],
    ['nothing of an answer that did not wait for the request', false, [(it) => it.answered(head(200))], ''],
    ['a failure that did not wait for the request', false, [(it) => it.answered(head(500))], 'failed'],
    ['a connection that could not be made', true, [(it) => it.ended('connect_failed', false)], 'failed'],
    ['nothing of a kept connection that was closed', true, [(it) => it.ended('upstream_reset', true)], ''],
    ['nothing of a timeout while the client was sending', false, [(it) => it.ended('timeout', false)], ''],
    ['that a client left', true, [(it) => it.ended('cancelled', false)], 'abandoned'],
    ['nothing of a client that left while it was sending', false, [(it) => it.ended('cancelled', false)], ''],
    ['nothing of an upgrade', true, [(it) => it.forget(), (it) => it.ended('upstream_reset', false)], ''],
  ])('is told %s', (_what, isWhole, steps, expected) => {
    expect(outcomes(toldOf(isWhole, ...steps))).toBe(expected);
  });

  test('is told how long an endpoint asked to be left alone, where it failed', () => {
    const retryLater = 'HTTP/1.1 503 Busy\r\nretry-after: 9\r\n';
    expect(toldOf(true, (it) => it.answered(head(503, retryLater)))).toEqual([['failed', 9_000]]);
    const [[, latencyMs] = ['', -1]] = toldOf(true, (it) => it.answered(head(200, retryLater)));
    expect(latencyMs).toBeLessThan(5_000);
    expect(latencyMs).toBeGreaterThanOrEqual(0);
  });
});

test.each<[string, Step]>([
  ['leaves', (it) => it.leave()],
  ['has ended', (it) => it.ended('cancelled', false)],
])('a try is in flight from its begin until it %s, and no longer', (_what, end) => {
  for (const learns of [true, false]) {
    const { inFlight, cluster } = clusterThat(learns);
    const it = new EndpointTry();
    end(it);
    expect(inFlight.total()).toBe(0);
    it.begin(cluster, endpoint!, true);
    it.answered(head(200));
    expect(inFlight.of(endpoint!.slot)).toBe(1);
    end(it);
    end(it);
    expect(inFlight.of(endpoint!.slot)).toBe(0);
  }
});

test('a policy that does not learn is told nothing', () => {
  const { told, cluster } = clusterThat(false);
  const it = new EndpointTry();
  it.begin(cluster, endpoint!, true);
  it.requestSent();
  it.answered(head(500));
  it.ended('timeout', false);
  expect(told).toEqual([]);
});
