import { describe, expect, it } from 'vitest';
import { poolState } from '../../dns/pool.ts';
import { FakeCluster } from '../support/fake-cluster.ts';

const PROBE = { fall: 3, rise: 6, intervalMs: 1_000 };
const A = '192.0.2.1';
const B = '192.0.2.2';

/** `192.0.2.1 up 3000` for each member. */
function members(cluster: FakeCluster, probe: typeof PROBE | undefined): readonly string[] {
  return poolState(cluster, probe).members.map(({ ip, verdict, flipMs }) => `${ip} ${verdict} ${flipMs}`);
}

describe('a member without probes', () => {
  it('from a list is up for good', () => {
    const state = poolState(new FakeCluster().discover(A), undefined);
    const member = { id: A, ip: A, weight: 1, verdict: 'up', flipMs: Infinity };
    expect(state).toEqual({ members: [member], settled: true, isStatic: true, flipMs: Infinity });
  });

  it('from Consul is what Consul says, for no time that could be known', () => {
    const cluster = new FakeCluster({ source: 'consul' }).discover(`${A} up`, `${B} down`, '192.0.2.3 draining');
    expect(members(cluster, undefined)).toEqual([`${A} up 0`, `${B} down 0`, '192.0.2.3 down 0']);
  });
});

describe('a member with probes', () => {
  it.each([
    [[], 'unknown 0'],
    [['ok'], 'up 3000'],
    [['ok', 'fails'], 'up 2000'],
    [['ok', 'fails', 'fails'], 'up 1000'],
    [['ok', 'fails', 'fails', 'ok'], 'up 3000'],
    [['ok', 'fails', 'fails', 'fails'], 'down 6000'],
    [['fails'], 'down 6000'],
    [['fails', 'ok', 'ok', 'ok', 'ok', 'ok'], 'down 1000'],
  ] as const)('after %j is %s', (results, expected) => {
    const cluster = new FakeCluster({ probe: PROBE }).discover(A).probe(A, ...results);
    expect(members(cluster, PROBE)).toEqual([`${A} ${expected}`]);
  });

  it('needs both Consul and the probe to be up', () => {
    const cluster = new FakeCluster({ source: 'consul', probe: PROBE }).discover(`${A} down`, B);
    cluster.probe(A, 'ok').probe(B, 'fails');
    expect(members(cluster, PROBE)).toEqual([`${A} down 0`, `${B} down 6000`]);
    cluster.discover(A, B);
    expect(members(cluster, PROBE)).toEqual([`${A} up 3000`, `${B} down 6000`]);
  });
});

describe('a pool', () => {
  it('is settled once discovery has answered and every member was probed', () => {
    const cluster = new FakeCluster({ probe: PROBE });
    expect(poolState(cluster, PROBE).settled).toBe(false);
    cluster.discover(A, B).probe(A, 'ok');
    expect(poolState(cluster, PROBE).settled).toBe(false);
    cluster.probe(B, 'fails');
    expect(poolState(cluster, PROBE)).toMatchObject({ settled: true, flipMs: 3_000 });
  });

  it('from Consul with nobody up could change at any moment, because anybody may register', () => {
    const cluster = new FakeCluster({ source: 'consul', probe: PROBE }).discover(A).probe(A, 'fails');
    expect(poolState(cluster, PROBE).flipMs).toBe(0);
    expect(poolState(new FakeCluster({ source: 'consul' }).discover(), undefined).flipMs).toBe(0);
  });

  it('leaves out members of weight 0, which were taken out and are no failure', () => {
    const cluster = new FakeCluster({ probe: PROBE }).discover(`${A} up 0`, B).probe(A, 'ok').probe(B, 'ok');
    expect(poolState(cluster, PROBE)).toMatchObject({ members: [{ ip: B }], settled: true, flipMs: 3_000 });
  });

  it('leaves out members that have no address to answer with, and writes IPv6 in one form', () => {
    const cluster = new FakeCluster().discover('db.example.org', '2001:DB8:0::7');
    expect(members(cluster, undefined)).toEqual(['2001:db8::7 up Infinity']);
  });
});
