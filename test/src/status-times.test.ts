import { expect, test } from 'vitest';
import { random } from '../../src/balance/random.ts';
import { Cluster } from '../../src/cluster.ts';
import { endpointId } from '../../src/endpoint.ts';
import { StatusTimes } from '../../src/status-times.ts';
import { discovered } from '../support/endpoints.ts';

const a = endpointId('a');
const b = endpointId('b');

test('a status counts from the snapshot that brought it, whatever else is published meanwhile', () => {
  const cluster = new Cluster({ policy: random, probe: { fall: 1, rise: 2 }, random: () => 0.5, loadOf: () => 0 });
  const times = new StatusTimes();
  const since = () => [times.sinceMs(a), times.sinceMs(b)];
  cluster.replaceEndpoints([discovered('a'), discovered('b')]);
  times.take(cluster.snapshot, 1_000);
  expect(since()).toEqual([1_000, 1_000]);
  cluster.observe(a, undefined);
  times.take(cluster.snapshot, 2_000);
  expect(since()).toEqual([2_000, 1_000]);
  cluster.observe(a, 'refused');
  times.take(cluster.snapshot, 3_000);
  cluster.observe(a, 'status 503');
  times.take(cluster.snapshot, 4_000);
  // Down for another reason is still down.
  expect(since()).toEqual([3_000, 1_000]);
  cluster.replaceEndpoints([discovered('b', { health: 'draining' })]);
  times.take(cluster.snapshot, 5_000);
  expect(since()).toEqual([undefined, 5_000]);
  cluster.replaceEndpoints([discovered('a'), discovered('b', { health: 'draining' })]);
  times.take(cluster.snapshot, 6_000);
  expect(since()).toEqual([6_000, 5_000]);
});
