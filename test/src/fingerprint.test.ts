/** The fingerprint of a cluster is of the set that it holds, whatever it went through to get there. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { POLICIES, POLICY_NAMES } from '../../src/balance/policies.ts';
import { Cluster } from '../../src/cluster.ts';
import type { DiscoveredEndpoint } from '../../src/endpoint.ts';
import { offlineSnapshot } from '../../src/offline-snapshot.ts';
import { applyUpdate, describeSnapshot } from '../../src/remote-snapshot.ts';
import { discovered } from '../support/endpoints.ts';

const endpoint = fc
  .record({
    id: fc.constantFrom('a', 'b', 'c', 'node-1/web', 'é'),
    weight: fc.integer({ min: 0, max: 3 }),
    port: fc.integer({ min: 1, max: 3 }),
    health: fc.constantFrom('up', 'down', 'draining'),
  })
  .map(({ id, weight, ...rest }): DiscoveredEndpoint => discovered(`${id}*${weight}`, rest));
const set = fc.uniqueArray(endpoint, { maxLength: 5, selector: ({ id }) => id });

/** Two ways to one set: other sets before it, and the set itself in another order. */
const twoHistories = fc
  .tuple(fc.array(set, { maxLength: 4 }), fc.array(set, { maxLength: 4 }), set)
  .chain(([one, other, last]) =>
    fc.shuffledSubarray(last, { minLength: last.length }).map((shuffled) => [
      [...one, last],
      [...other, shuffled],
    ]),
  );

describe.each(POLICY_NAMES.filter((name) => POLICIES[name].keyed))('of %s', (name) => {
  const inputs = { policy: POLICIES[name], random: () => 0.5, loadOf: () => 0 };
  const live = (history: readonly (readonly DiscoveredEndpoint[])[]) => {
    const cluster = new Cluster({ ...inputs, probe: { fall: 1, rise: 1 } });
    for (const [i, endpoints] of history.entries()) {
      cluster.replaceEndpoints(endpoints);
      for (const { id } of endpoints) cluster.observe(id, i % 2 === 0 ? undefined : 'refused');
    }
    return cluster.snapshot;
  };

  test('it is equal for every order of arrival and every history, in a worker, and in a program that only reads', () => {
    fc.assert(
      fc.property(twoHistories, ([one, other]) => {
        const { fingerprint } = live(one as DiscoveredEndpoint[][]);
        const second = live(other as DiscoveredEndpoint[][]);
        expect(fingerprint).not.toBe('');
        expect(second.fingerprint).toBe(fingerprint);
        expect(
          applyUpdate(describeSnapshot(second, undefined), undefined, { ...inputs, upWeight: () => 1 }).fingerprint,
        ).toBe(fingerprint);
        expect(offlineSnapshot(other?.at(-1) ?? [], POLICIES[name]).fingerprint).toBe(fingerprint);
      }),
      { numRuns: 60 },
    );
  });
});
