import { describe, expect, it } from 'vitest';
import {
  ClusterCounts,
  DURATION_BOUNDS_SECONDS,
  DurationHistogram,
  EndpointCounts,
  OUTCOME_SLOT,
  RequestCounts,
} from '../../sidecar/traffic.ts';

describe('durations', () => {
  it.each([
    [0, 0],
    [0.5, 0],
    [0.500001, 1],
    [1, 1],
    [29_999, 14],
    [30_000, 14],
    [30_001, 15],
    [1e9, 15],
  ])('of %d ms are counted in bucket %i', (ms, bucket) => {
    const histogram = new DurationHistogram();
    histogram.observe(ms);
    expect([histogram.counts.indexOf(1), histogram.sumMs]).toEqual([bucket, ms]);
    expect(histogram.counts).toHaveLength(DURATION_BOUNDS_SECONDS.length + 1);
  });
});

describe('requests', () => {
  it('are counted by status, and by reason where the answer is our own', () => {
    const counts = new RequestCounts();
    counts.countForwarded(200);
    counts.countForwarded(200);
    counts.countForwarded(0);
    counts.countForwarded(599);
    counts.countRefused('connect_failed', 503);
    counts.countRefused('connect_failed', 502);
    counts.countRefused('timeout', 504);
    expect([...counts.entries()]).toEqual([
      { status: 0, reason: '', count: 1 },
      { status: 200, reason: '', count: 2 },
      { status: 599, reason: '', count: 1 },
      { status: 502, reason: 'connect_failed', count: 1 },
      { status: 503, reason: 'connect_failed', count: 1 },
      { status: 504, reason: 'timeout', count: 1 },
    ]);
  });
});

describe('attempts', () => {
  it.each([
    [101, '1xx'],
    [200, '2xx'],
    [304, '3xx'],
    [499, '4xx'],
    [500, '5xx'],
    [599, '5xx'],
  ] as const)('answered with %i are %s', (status, outcome) => {
    const counts = new EndpointCounts();
    counts.countStatus(status);
    expect(counts.outcomes.indexOf(1)).toBe(OUTCOME_SLOT[outcome]);
  });

  it('that failed have names of their own', () => {
    const counts = new EndpointCounts();
    for (const outcome of ['timeout', 'cancelled', 'timeout'] as const) counts.count(outcome);
    expect([counts.outcomes[OUTCOME_SLOT.timeout], counts.outcomes[OUTCOME_SLOT.cancelled]]).toEqual([2, 1]);
  });

  it('after the first are counted by how their requests ended', () => {
    const counts = new ClusterCounts();
    counts.countRetries('success', 2);
    counts.countRetries('failure', 1);
    counts.countKeyless();
    expect([counts.retries, counts.keyless]).toEqual([{ success: 2, failure: 1 }, 1]);
  });
});
