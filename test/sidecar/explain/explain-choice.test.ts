import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ClusterState } from '../../../sidecar/explain/cluster-state.ts';
import { explainChoice } from '../../../sidecar/explain/explain-choice.ts';
import { POLICIES, POLICY_NAMES } from '../../../src/balance/policies.ts';
import type { Candidate, Policy } from '../../../src/balance/policy.ts';
import { ringHash } from '../../../src/balance/ring-hash.ts';
import { roundRobin } from '../../../src/balance/round-robin.ts';
import { Cluster } from '../../../src/cluster.ts';
import { type DiscoveredEndpoint, endpointId } from '../../../src/endpoint.ts';
import { offlineSnapshot } from '../../../src/offline-snapshot.ts';
import { statusOf, UP } from '../../../src/snapshot.ts';
import { discovered } from '../../support/endpoints.ts';

const found = (key: string) => ({ key, from: 'header x', missing: [] });
const stateOf = (endpoints: readonly DiscoveredEndpoint[], policy: Policy = ringHash): ClusterState => {
  return { snapshot: offlineSnapshot(endpoints, policy), source: 'consul' };
};
const choose = (state: ClusterState, more: { policy?: Policy; key?: string; tried?: string[] } = {}) =>
  explainChoice({
    cluster: 'users',
    policy: more.policy ?? ringHash,
    state,
    found: found(more.key ?? 'alice'),
    tried: state.snapshot.endpoints.filter(({ id }) => more.tried?.includes(id)),
  });

describe.each(POLICY_NAMES.filter((name) => POLICIES[name].keyed))('with %s', (name) => {
  const policy = POLICIES[name];
  const endpoint = fc
    .record({
      id: fc.stringMatching(/^[a-z]{1,4}$/),
      weight: fc.integer({ min: 0, max: 3 }),
      health: fc.constantFrom('up', 'down'),
    })
    .map(({ id, weight, health }) =>
      discovered(`${id}*${weight}`, { health, healthReason: health === 'up' ? '' : 'x' }),
    );
  const set = fc.uniqueArray(endpoint, { maxLength: 7, selector: ({ id }) => id });

  test('the endpoint is the one that is picked, and it is the first candidate that is accepted', () => {
    fc.assert(
      fc.property(set, fc.string(), fc.nat(7), (endpoints, key, triedCount) => {
        const state = stateOf(endpoints, policy);
        const { snapshot } = state;
        const tried = endpoints.slice(0, triedCount).map(({ id }) => id as string);
        const picked = snapshot.picker.pick(key, (it) => statusOf(snapshot, it) === UP && !tried.includes(it.id));
        const choice = choose(state, { policy, key, tried });
        expect(choice.endpoint?.id).toBe(picked?.id);
        expect(choice.candidates.find(({ accepted }) => accepted)?.id).toBe(picked?.id);
        expect(choice.candidates.map(({ id }) => id).toSorted()).toEqual(endpoints.map(({ id }) => id).toSorted());
      }),
    );
  });
});

describe('who is passed over', () => {
  const cluster = new Cluster({ policy: ringHash, probe: { fall: 1, rise: 1 }, random: () => 0, loadOf: () => 0 });
  cluster.replaceEndpoints([
    discovered('ill', { health: 'down', healthReason: 'check "alive" is critical' }),
    discovered('leaving', { health: 'draining', healthReason: 'maintenance' }),
    discovered('none*0'),
    discovered('new'),
    discovered('refusing'),
    discovered('tried'),
    discovered('well'),
  ]);
  for (const id of ['none', 'tried', 'well', 'ill', 'leaving']) cluster.observe(endpointId(id), undefined);
  cluster.observe(endpointId('refusing'), 'connect refused');
  const whyOf = (state: ClusterState, id: string) =>
    choose(state, { tried: ['tried'] }).candidates.find((it) => it.id === id)?.why;

  test.each([
    ['ill', 'down for 12s, by consul: check "alive" is critical'],
    ['leaving', 'draining for 12s, by consul: maintenance'],
    ['none', 'draining for 12s, because its weight is 0'],
    ['new', 'down for 12s, by probes: not probed yet'],
    ['refusing', 'down for 12s, by probes: connect refused'],
    ['tried', 'already tried'],
    ['well', ''],
  ])('%s: %s', (id, why) => {
    expect(whyOf({ snapshot: cluster.snapshot, source: 'consul', secondsInStatus: () => 12.9 }, id)).toBe(why);
  });

  test.each([
    ['file', 'down, by file: check "alive" is critical'],
    ['static', 'down, by the list: check "alive" is critical'],
  ] as const)('a source called %s, and no word of since when', (source, why) => {
    expect(whyOf({ snapshot: cluster.snapshot, source }, 'ill')).toBe(why);
  });

  test('is over its bound, and the next one that is not is taken', () => {
    const endpoints = offlineSnapshot([discovered('a'), discovered('b')], ringHash).endpoints;
    const candidates = endpoints.map((endpoint, i): Candidate => {
      return { endpoint, bound: { load: 9 - i * 8, capacity: 5, isOver: i === 0 } };
    });
    const bounded: Policy = {
      name: 'bounded',
      keyed: 'request',
      build: () => ({
        pick: () => endpoints[1],
        locate: () => ({ hash: 1, position: 0, positions: 2, candidates }),
      }),
    };
    const state = { ...stateOf([discovered('a'), discovered('b')], bounded), inFlightOf: () => 9 };
    expect(choose(state, { policy: bounded })).toMatchObject({
      hash: '00000001',
      endpoint: { id: 'b' },
      candidates: [
        { id: 'a', accepted: false, why: 'over bound: 9 in flight, it may have 5', in_flight: 9 },
        { id: 'b', accepted: true, why: '' },
      ],
    });
  });
});

describe('without a key', () => {
  test('nobody is picked, so nobody loses a turn', () => {
    const state = stateOf([discovered('a'), discovered('b')], roundRobin);
    const next = () => state.snapshot.picker.pick('', () => true)?.id;
    const first = next();
    for (let i = 0; i < 3; i += 1) {
      const choice = explainChoice({ cluster: 'x', policy: roundRobin, state, found: undefined, tried: [] });
      expect(choice).toMatchObject({ endpoint: null, by: 'whose turn it is' });
    }
    expect(next()).not.toBe(first);
  });

  test('the only one that is accepted is certain', () => {
    const state = stateOf([discovered('a', { health: 'down', healthReason: 'x' }), discovered('b')], roundRobin);
    const choice = explainChoice({ cluster: 'x', policy: roundRobin, state, found: undefined, tried: [] });
    expect(choice.endpoint?.id).toBe('b');
  });
});

test('of many candidates a hundred are shown, or all up to the chosen one', () => {
  const many = (up: number) =>
    Array.from({ length: 300 }, (_, i) => discovered(`e${i}`, i < up ? {} : { health: 'down', healthReason: 'x' }));
  const all = choose(stateOf(many(300)));
  expect([all.candidates.length, all.omitted]).toEqual([100, 200]);
  const few = choose(stateOf(many(1)));
  expect(few.candidates.at(-1)?.id).toSatisfy((id) => few.candidates.length === 100 || id === 'e0');
  expect(few.candidates.length + few.omitted).toBe(300);
  expect(few.endpoint?.id).toBe('e0');
});
