import { expect, it } from 'vitest';
import type { AnswerSet } from '../../dns/answer-set.ts';
import { type AnswerState, applyAnswer, ToldAnswers } from '../../dns/answer-state.ts';
import { encodeRecord } from '../../dns/io/wire.ts';
import { NetworkRings } from '../../dns/network-rings.ts';
import { buildZones } from '../../dns/zone-config.ts';
import { lbTest } from '../support/dns-zone.ts';

const STATE = {
  name: 'www.lb.test',
  known: true,
  isStale: false,
  addresses: ['192.0.2.1'],
  weights: [1],
  ttlSeconds: 5,
} as unknown as AnswerState;

it.each([
  ['the same again', {}, false],
  ['another TTL', { ttlSeconds: 4 }, true],
  ['other addresses', { addresses: ['192.0.2.2'] }, true],
  ['other weights', { weights: [2] }, true],
  ['that it is stale', { isStale: true }, true],
  ['that nobody knows it', { known: false }, true],
  ['another name', { name: 'api.lb.test' }, true],
])('%s is told once: %o', (_what, change, isNews) => {
  const told = new ToldAnswers();
  expect(told.isNews(STATE)).toBe(true);
  const next = { ...STATE, ...change } as AnswerState;
  expect(told.isNews(next)).toBe(isNews);
  expect(told.isNews({ ...next })).toBe(false);
});

/** A name with two addresses, as a worker has it, and what applying `change` makes of its sets. */
function applied(policy: string, change: Partial<Record<keyof AnswerState, unknown>>) {
  const zones = lbTest(
    `www: { policy: ${policy}, txt: [ beside ], pools: [ { name: p, members: { static: [ 192.0.2.9 ] } } ] }`,
  );
  const place = buildZones(zones.dns?.zones ?? {}, 1, encodeRecord).balanced[0]!;
  const { node } = place;
  const present = { ...STATE, addresses: ['192.0.2.1', '192.0.2.2'], weights: [1, 1] } as unknown as AnswerState;
  const options = { rings: new NetworkRings() };
  applyAnswer(place, present, { ...options, former: [] });
  const former = node.sets;
  firstOf(former[0]!);
  applyAnswer(place, { ...present, ...change } as AnswerState, { ...options, former, present });
  return { former, sets: node.sets, node };
}

/** The last octet of the first address that the next answer has. */
function firstOf(set: AnswerSet): number | undefined {
  const target = Buffer.alloc(set.byteLength);
  set.copyTo(target, 0);
  return target[15];
}

it('another TTL keeps the ring, the sets beside, and the turn of who is next', () => {
  const hash = applied('hash', { ttlSeconds: 4 });
  expect(hash.sets.map(({ ttl }) => ttl)).toEqual([4, hash.former[1]!.ttl]);
  expect(hash.sets[0]!.chooser).toBe(hash.former[0]!.chooser);
  expect(hash.sets[1]).toBe(hash.former[1]);
  expect(firstOf(applied('failover', { ttlSeconds: 4 }).sets[0]!)).toBe(2);
});

it('builds sets where addresses or weights are others, and none where only their state is', () => {
  const weights = applied('hash', { weights: [1, 2], ttlSeconds: 4 });
  expect(weights.sets[0]!.chooser).not.toBe(weights.former[0]!.chooser);
  const addresses = applied('hash', { addresses: ['192.0.2.1', '192.0.2.3'] });
  expect(addresses.sets[0]!.chooser).not.toBe(addresses.former[0]!.chooser);
  const stale = applied('hash', { isStale: true });
  expect(stale.sets).toBe(stale.former);
  expect(stale.node.isStale).toBe(true);
});
