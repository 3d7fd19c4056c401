import { beforeEach, describe, expect, test } from 'vitest';
import { POLICIES } from '../../src/balance/policies.ts';
import type { Policy } from '../../src/balance/policy.ts';
import { Cluster } from '../../src/cluster.ts';
import { type DiscoveryHealth, type Endpoint, type EndpointId, endpointId } from '../../src/endpoint.ts';
import { type EndpointStatus, STATUS_WORDS, statusOf, UP } from '../../src/snapshot.ts';
import { anyone, discovered, seeded } from '../support/endpoints.ts';

const PROBE = { fall: 2, rise: 2 };
const id = endpointId;

/** Work in flight by slot, set by hand. */
let load = new Map<number, number>();

function cluster(policy: Policy = POLICIES.ring_hash, probe?: typeof PROBE): Cluster {
  return new Cluster({ policy, probe, random: seeded(1), loadOf: (endpoint) => load.get(endpoint.slot) ?? 0 });
}

const wordOf = (it: Cluster, endpoint: EndpointId): string => {
  const held = it.snapshot.endpoints.find((candidate) => candidate.id === endpoint);
  return held === undefined ? 'gone' : STATUS_WORDS[statusOf(it.snapshot, held)];
};

const held = (it: Cluster, endpoint: EndpointId): Endpoint =>
  it.snapshot.endpoints.find((candidate) => candidate.id === endpoint)!;

/** Where a key goes while only endpoints that are up are accepted. */
const pickUp = (it: Cluster, key: string): string | undefined =>
  it.snapshot.picker.pick(key, (endpoint) => statusOf(it.snapshot, endpoint) === UP)?.id;

beforeEach(() => {
  load = new Map();
});

describe('the truth table of status', () => {
  const observations = { unknown: [], up: [undefined], down: ['connect refused'] } as const;

  test.each<[DiscoveryHealth, number, keyof typeof observations | 'none', (typeof STATUS_WORDS)[EndpointStatus]]>([
    ['up', 1, 'none', 'up'],
    ['up', 1, 'up', 'up'],
    ['up', 1, 'unknown', 'down'],
    ['up', 1, 'down', 'down'],
    ['up', 0, 'none', 'draining'],
    ['up', 0, 'up', 'draining'],
    ['up', 0, 'down', 'draining'],
    ['draining', 1, 'none', 'draining'],
    ['draining', 0, 'none', 'draining'],
    ['draining', 1, 'up', 'draining'],
    ['draining', 1, 'unknown', 'draining'],
    ['draining', 1, 'down', 'draining'],
    ['down', 1, 'none', 'down'],
    ['down', 0, 'none', 'down'],
    ['down', 1, 'up', 'down'],
    ['down', 1, 'unknown', 'down'],
    ['down', 1, 'down', 'down'],
  ])('discovery %s, weight %d, probe %s: %s', (health, weight, probe, expected) => {
    const it = cluster(POLICIES.ring_hash, probe === 'none' ? undefined : PROBE);
    it.replaceEndpoints([discovered('a', { health, weight, healthReason: health === 'up' ? '' : 'said so' })]);
    if (probe !== 'none') for (const failure of observations[probe]) it.observe(id('a'), failure);
    expect(wordOf(it, id('a'))).toBe(expected);
    expect(it.snapshot.upCount).toBe(expected === 'up' ? 1 : 0);
    expect(it.snapshot.reasons.has(id('a'))).toBe(expected !== 'up');
  });

  test('each way of not being up has its reason', () => {
    const it = cluster(POLICIES.ring_hash, PROBE);
    it.replaceEndpoints([
      discovered('critical', { health: 'down', healthReason: 'check "web alive" is critical' }),
      discovered('idle*0'),
      discovered('leaving', { health: 'draining', healthReason: 'in maintenance' }),
      discovered('refusing'),
      discovered('unprobed'),
      discovered('well'),
    ]);
    it.observe(id('refusing'), 'connect refused');
    it.observe(id('well'), undefined);
    expect(Object.fromEntries(it.snapshot.reasons)).toEqual({
      critical: 'check "web alive" is critical',
      idle: 'its weight is 0',
      leaving: 'in maintenance',
      refusing: 'probe: connect refused',
      unprobed: 'not probed yet',
    });
  });
});

describe('replaceEndpoints', () => {
  test('publishes a set once, in order of id, and nothing for an equal set in another order', () => {
    const it = cluster();
    expect(it.replaceEndpoints([discovered('b'), discovered('a')])).toBe(true);
    const before = it.snapshot;
    expect(before.endpoints.map((endpoint) => endpoint.id)).toEqual(['a', 'b']);
    expect(it.replaceEndpoints([discovered('a'), discovered('b')])).toBe(false);
    expect(it.snapshot).toBe(before);
  });

  test('can empty the cluster', () => {
    const it = cluster();
    expect(it.replaceEndpoints([])).toBe(false);
    it.replaceEndpoints([discovered('a')]);
    expect(it.replaceEndpoints([])).toBe(true);
    expect(it.snapshot).toMatchObject({ endpoints: [], upCount: 0 });
    expect(it.snapshot.picker.pick('key', anyone)).toBeUndefined();
  });

  test('keeps the object of an endpoint in which nothing changed', () => {
    const it = cluster();
    it.replaceEndpoints([discovered('a'), discovered('b')]);
    const a = held(it, id('a'));
    it.replaceEndpoints([discovered('a'), discovered('c')]);
    expect(held(it, id('a'))).toBe(a);
  });

  test('takes the first of several entries with the same id', () => {
    const it = cluster();
    const twice = [discovered('a', { port: 1 }), discovered('b'), discovered('a', { port: 2 })];
    it.replaceEndpoints(twice);
    expect(it.snapshot.endpoints.map((endpoint) => [endpoint.id, endpoint.port])).toEqual([
      ['a', 1],
      ['b', 8080],
    ]);
    expect(it.replaceEndpoints(twice)).toBe(false);
  });

  test('counts versions up by one per published snapshot', () => {
    const it = cluster();
    const versions = [it.snapshot.version];
    for (const set of [['a'], ['a'], ['a', 'b'], []]) {
      it.replaceEndpoints(set.map((text) => discovered(text)));
      versions.push(it.snapshot.version);
    }
    expect(versions).toEqual([1, 2, 2, 3, 4]);
  });
});

describe('a snapshot', () => {
  test('is frozen, with its list and its endpoints', () => {
    const it = cluster();
    it.replaceEndpoints([discovered('a')]);
    expect(Object.isFrozen(it.snapshot)).toBe(true);
    expect(Object.isFrozen(it.snapshot.endpoints)).toBe(true);
    expect(Object.isFrozen(it.snapshot.endpoints[0])).toBe(true);
  });

  test('stays as it was when the cluster goes on', () => {
    const it = cluster(POLICIES.ring_hash, PROBE);
    it.replaceEndpoints([discovered('a'), discovered('b')]);
    it.observe(id('a'), undefined);
    const old = it.snapshot;
    const copy = { statuses: [...old.statuses], reasons: [...old.reasons], ids: old.endpoints.map((e) => e.id) };
    it.observe(id('a'), 'x');
    it.observe(id('a'), 'x');
    it.replaceEndpoints([discovered('c')]);
    expect({ statuses: [...old.statuses], reasons: [...old.reasons], ids: old.endpoints.map((e) => e.id) }).toEqual(
      copy,
    );
    expect(['a', 'b']).toContain(old.picker.pick('key', anyone)?.id);
  });
});

describe('slots', () => {
  const slots = (it: Cluster) =>
    Object.fromEntries(it.snapshot.endpoints.map((endpoint) => [endpoint.id, endpoint.slot]));

  test('stay with an id through every change but that of its address', () => {
    const it = cluster();
    it.replaceEndpoints([discovered('a'), discovered('b')]);
    expect(slots(it)).toEqual({ a: 0, b: 1 });
    it.replaceEndpoints([discovered('0'), discovered('b', { weight: 5, locality: 'dc2' })]);
    expect(slots(it)).toMatchObject({ b: 1 });
  });

  test('are used again only when their former owner has no work left', () => {
    const it = cluster();
    it.replaceEndpoints([discovered('a'), discovered('b')]);
    load.set(0, 1);
    it.replaceEndpoints([discovered('b')]);
    it.replaceEndpoints([discovered('b'), discovered('c')]);
    expect(slots(it)).toEqual({ b: 1, c: 2 });
    load.set(0, 0);
    it.replaceEndpoints([discovered('b'), discovered('c'), discovered('d')]);
    expect(slots(it)).toEqual({ b: 1, c: 2, d: 0 });
  });

  test('are used again once each', () => {
    const it = cluster();
    it.replaceEndpoints([discovered('a'), discovered('b')]);
    it.replaceEndpoints([]);
    it.replaceEndpoints([discovered('c'), discovered('d'), discovered('e')]);
    expect(new Set(Object.values(slots(it)))).toEqual(new Set([0, 1, 2]));
  });

  test('do not grow in number while endpoints come and go', () => {
    const it = cluster();
    for (let i = 0; i < 100; i += 1) it.replaceEndpoints([discovered(`x${i}`), discovered(`x${i + 1}`)]);
    expect(it.snapshot.statuses.length).toBeLessThanOrEqual(3);
  });

  test('are new for a new address, so that no count of the old server is taken for the new one', () => {
    const it = cluster();
    it.replaceEndpoints([discovered('a', { host: '10.0.0.1' })]);
    load.set(0, 3);
    it.replaceEndpoints([discovered('a', { host: '10.0.0.2' })]);
    expect(slots(it)).toEqual({ a: 1 });
    expect(held(it, id('a')).address).toBe('10.0.0.2:8080');
    load.set(0, 0);
    it.replaceEndpoints([discovered('a', { host: '10.0.0.2', port: 9 })]);
    expect(slots(it)).toEqual({ a: 0 });
  });
});

describe('probes', () => {
  let it = cluster(POLICIES.ring_hash, PROBE);

  beforeEach(() => {
    it = cluster(POLICIES.ring_hash, PROBE);
    it.replaceEndpoints([discovered('a'), discovered('b')]);
    it.observe(id('a'), undefined);
  });

  test('publish only what changes a status or the reason of being down', () => {
    expect(it.observe(id('a'), undefined)).toBe(false);
    expect(it.observe(id('a'), 'timeout')).toBe(false);
    expect(it.observe(id('a'), 'timeout')).toBe(true);
    expect(it.observe(id('a'), 'timeout')).toBe(false);
    expect(it.observe(id('a'), 'status 503')).toBe(true);
    expect(it.snapshot.reasons.get(id('a'))).toBe('probe: status 503');
    expect(it.observe(id('a'), undefined)).toBe(false);
    expect(it.observe(id('a'), undefined)).toBe(true);
    expect(wordOf(it, id('a'))).toBe('up');
  });

  test('of an endpoint on its way up leave the old reason, whatever else is published meanwhile', () => {
    it.observe(id('b'), 'timeout');
    it.observe(id('b'), undefined);
    it.replaceEndpoints([discovered('a'), discovered('b'), discovered('c')]);
    expect(it.snapshot.reasons.get(id('b'))).toBe('probe: timeout');
  });

  test('of unknown endpoints, and of a cluster without probes, say nothing', () => {
    expect(it.observe(id('stranger'), undefined)).toBe(false);
    expect(it.probeState(id('stranger')).status).toBe('unknown');
    const unprobed = cluster();
    unprobed.replaceEndpoints([discovered('a')]);
    expect(unprobed.observe(id('a'), 'timeout')).toBe(false);
    expect(wordOf(unprobed, id('a'))).toBe('up');
  });

  test('are kept through a change of weight and of discovery, and forgotten with the address', () => {
    it.replaceEndpoints([discovered('a', { health: 'down', healthReason: 'x' }), discovered('b')]);
    it.replaceEndpoints([discovered('a', { weight: 2 }), discovered('b')]);
    expect(wordOf(it, id('a'))).toBe('up');
    it.replaceEndpoints([discovered('a', { weight: 2, port: 9 }), discovered('b')]);
    expect(it.snapshot.reasons.get(id('a'))).toBe('not probed yet');
  });

  test('are forgotten when the endpoint leaves', () => {
    it.replaceEndpoints([discovered('b')]);
    it.replaceEndpoints([discovered('a'), discovered('b')]);
    expect(wordOf(it, id('a'))).toBe('down');
    expect(it.snapshot.reasons.get(id('a'))).toBe('not probed yet');
  });
});

describe('pickers', () => {
  const keys = Array.from({ length: 500 }, (_, i) => `user-${i}`);

  test('stay while only health changes, so the keys of an endpoint that was down come home', () => {
    const it = cluster();
    const all = [discovered('a'), discovered('b'), discovered('c')];
    it.replaceEndpoints(all);
    const { picker, fingerprint } = it.snapshot;
    const home = keys.map((key) => pickUp(it, key));
    it.replaceEndpoints([discovered('a', { health: 'down', healthReason: 'x' }), ...all.slice(1)]);
    const meanwhile = keys.map((key) => pickUp(it, key));
    expect(meanwhile).not.toContain('a');
    expect(meanwhile.filter((owner, i) => home[i] !== 'a' && owner !== home[i])).toEqual([]);
    it.replaceEndpoints(all);
    expect(keys.map((key) => pickUp(it, key))).toEqual(home);
    expect(it.snapshot.picker).toBe(picker);
    expect(it.snapshot.fingerprint).toBe(fingerprint);
  });

  test.each([
    ['a weight', discovered('a*2')],
    ['an address', discovered('a', { port: 9 })],
    ['a locality', discovered('a', { locality: 'dc2' })],
  ])('are built anew for %s, and hand out the new endpoint', (_what, change) => {
    const it = cluster();
    it.replaceEndpoints([discovered('a')]);
    const old = it.snapshot.picker;
    it.replaceEndpoints([change]);
    expect(it.snapshot.picker).not.toBe(old);
    expect(it.snapshot.picker.pick('key', anyone)).toBe(held(it, id('a')));
  });

  test('hand out endpoints whose slot and address are current, whatever was published since they were built', () => {
    const it = cluster();
    it.replaceEndpoints([discovered('a'), discovered('b')]);
    it.replaceEndpoints([discovered('a', { health: 'draining', healthReason: 'x' }), discovered('b')]);
    const picked = it.snapshot.picker.pick('key', (endpoint) => endpoint.id === 'a')!;
    expect(picked.slot).toBe(held(it, id('a')).slot);
    expect(STATUS_WORDS[statusOf(it.snapshot, picked)]).toBe('draining');
  });

  test('for requests without a key are random where the policy has keys, and the policy itself elsewhere', () => {
    const keyed = cluster(POLICIES.ring_hash);
    keyed.replaceEndpoints([discovered('a'), discovered('b')]);
    const picked = new Set(keys.map(() => keyed.snapshot.keylessPicker.pick('', anyone)?.id));
    expect(picked).toEqual(new Set(['a', 'b']));
    const unkeyed = cluster(POLICIES.round_robin);
    unkeyed.replaceEndpoints([discovered('a'), discovered('b')]);
    expect(unkeyed.snapshot.keylessPicker).toBe(unkeyed.snapshot.picker);
  });

  test('go on where their predecessors stopped', () => {
    const it = cluster(POLICIES.round_robin);
    it.replaceEndpoints([discovered('a'), discovered('b'), discovered('c')]);
    expect(pickUp(it, '')).toBe('a');
    it.replaceEndpoints([discovered('a'), discovered('b'), discovered('c'), discovered('d')]);
    expect(pickUp(it, '')).not.toBe('a');
  });

  test('have a fingerprint only where there is a ring', () => {
    const ring = cluster(POLICIES.ring_hash);
    ring.replaceEndpoints([discovered('a')]);
    expect(ring.snapshot.fingerprint).toMatch(/^[0-9a-f]{8}$/);
    const none = cluster(POLICIES.random);
    none.replaceEndpoints([discovered('a')]);
    expect(none.snapshot.fingerprint).toBe('');
  });
});
