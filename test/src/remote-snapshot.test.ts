import { describe, expect, test } from 'vitest';
import { POLICIES } from '../../src/balance/policies.ts';
import { Cluster } from '../../src/cluster.ts';
import { type DiscoveredEndpoint, endpointId } from '../../src/endpoint.ts';
import type { SnapshotPickerInputs } from '../../src/pickers.ts';
import { applyUpdate, describeSnapshot, type SnapshotUpdate } from '../../src/remote-snapshot.ts';
import type { Snapshot } from '../../src/snapshot.ts';
import { discovered } from '../support/cluster-views.ts';

const inputs: SnapshotPickerInputs = {
  policy: POLICIES.ring_hash,
  random: () => 0.5,
  loadOf: () => 0,
  upWeight: () => 3,
};
const three = ['a', 'b', 'c'].map((id, i) => discovered(id, { host: `10.0.0.${i + 1}` }));
const probed = { fall: 1, rise: 1 };

/** Through what a message between threads does to it. */
const sent = (update: SnapshotUpdate): SnapshotUpdate => structuredClone(update);

/** A cluster here and its snapshots over there. */
function pair() {
  const cluster = new Cluster({ ...inputs, probe: probed });
  let told = cluster.snapshot;
  let remote = applyUpdate(sent(describeSnapshot(told, undefined)), undefined, inputs);
  const updates: SnapshotUpdate[] = [];
  const tell = (): Snapshot => {
    const update = describeSnapshot(cluster.snapshot, told);
    updates.push(update);
    told = cluster.snapshot;
    remote = applyUpdate(sent(update), remote, inputs);
    return remote;
  };
  return { cluster, tell, updates, remote: () => remote };
}

function replace(cluster: Cluster, endpoints: readonly DiscoveredEndpoint[]): void {
  cluster.replaceEndpoints(endpoints);
  for (const { id } of endpoints) cluster.observe(id, undefined);
}

const keys = Array.from({ length: 500 }, (_, i) => `user-${i}`);
const choices = (snapshot: Snapshot): readonly (string | undefined)[] =>
  keys.map((key) => snapshot.picker.pick(key, ({ slot }) => snapshot.statuses[slot] === 1)?.id);

describe('a snapshot in another thread', () => {
  test('chooses as the original does, through changes of the set and of health', () => {
    const { cluster, tell } = pair();
    const changes: (() => void)[] = [
      () => replace(cluster, three),
      () => cluster.observe(endpointId('b'), 'timeout'),
      () => replace(cluster, [...three, discovered('d', { host: '10.0.0.4', weight: 3 })]),
      () => replace(cluster, three.slice(1)),
      () => replace(cluster, []),
    ];
    for (const change of changes) {
      change();
      const remote = tell();
      expect(choices(remote)).toEqual(choices(cluster.snapshot));
      expect(remote.fingerprint).toBe(cluster.snapshot.fingerprint);
      expect(remote).toMatchObject({ version: cluster.snapshot.version, upCount: cluster.snapshot.upCount });
      expect(remote.reasons).toEqual(cluster.snapshot.reasons);
      expect(remote.endpoints).toEqual(cluster.snapshot.endpoints);
    }
  });

  test('takes no endpoints and builds nothing for a change of health', () => {
    const { cluster, tell, updates, remote } = pair();
    replace(cluster, three);
    tell();
    const before = remote();
    cluster.observe(endpointId('a'), 'timeout');
    tell();
    expect(updates.at(-1)?.endpoints).toBeUndefined();
    expect(remote().picker).toBe(before.picker);
    expect(remote().endpoints).toBe(before.endpoints);
    expect(remote().statuses).not.toEqual(before.statuses);
  });

  test('keeps the objects of endpoints that stay, so that "the one just tried" is still that one', () => {
    const { cluster, tell, remote } = pair();
    replace(cluster, three);
    tell();
    const [a] = remote().endpoints;
    replace(cluster, [...three, discovered('d', { host: '10.0.0.4' })]);
    tell();
    expect(remote().endpoints[0]).toBe(a);
    expect(Object.isFrozen(remote().endpoints[3])).toBe(true);
  });

  test('makes a new object where an id comes back at another address', () => {
    const { cluster, tell, remote } = pair();
    replace(cluster, three);
    tell();
    const [a] = remote().endpoints;
    replace(cluster, [discovered('a', { host: '10.9.9.9' }), ...three.slice(1)]);
    tell();
    expect(remote().endpoints[0]).not.toBe(a);
    expect(remote().endpoints[0]).toMatchObject({ address: '10.9.9.9:80', slot: cluster.snapshot.endpoints[0]?.slot });
  });
});
