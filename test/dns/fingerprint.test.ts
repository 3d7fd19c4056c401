/** Two responders with the same inputs answer with the same sets and say so, whatever the order of updates. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BalancedRecord } from '../../dns/balanced-record.ts';
import { answerFingerprint } from '../../dns/fingerprint.ts';
import { encodeRecord } from '../../dns/io/wire.ts';
import type { Ip } from '../../dns/ip.ts';
import { collectMetrics } from '../../dns/metrics.ts';
import { Tally } from '../../dns/tally.ts';
import { Zone } from '../../dns/zone.ts';
import { ZoneTree } from '../../dns/zone-tree.ts';
import { MetricsText } from '../../src/metrics.ts';
import { FakeCluster } from '../support/fake-cluster.ts';
import { parsePrometheusText } from '../support/prometheus-text.ts';

const PROBE = { fall: 2, rise: 2, intervalMs: 1_000 };
const POOLS = [
  ['192.0.2.1', '192.0.2.2', '2001:db8::1'],
  ['198.51.100.1', '198.51.100.2'],
] as const;

type Policy = 'failover' | 'all';
type WhenAllDown = 'all' | 'last_good' | 'none';
/** One result of a member's probes. */
type Step = readonly [member: string, result: 'ok' | 'fails'];

class Responder {
  readonly pools = POOLS.map(() => new FakeCluster({ probe: PROBE }));
  readonly record: BalancedRecord;

  constructor(policy: Policy, whenAllDown: WhenAllDown) {
    const names = { name: 'lb.test', mname: 'ns1.lb.test', rname: 'hostmaster.lb.test' };
    const zone = new Zone({ ...names, slot: 0, soaTtl: 60, negativeTtl: 5, serial: 1, encode: encodeRecord });
    const tree = new ZoneTree();
    tree.addZone(zone);
    const node = tree.addNode('www.lb.test', zone)!;
    const rest = { fixed: [], probe: PROBE, minTtlMs: 0, maxTtlMs: 30_000 };
    this.record = new BalancedRecord({ node, pools: this.pools, policy, whenAllDown, ...rest });
    this.record.refresh(1);
  }

  /** Members in the order in which discovery lists them here. */
  discover(members: readonly string[]): this {
    for (const [i, pool] of POOLS.entries()) {
      this.pools[i]?.discover(...members.filter((it) => (pool as readonly string[]).includes(it)));
      this.record.refresh(1);
    }
    return this;
  }

  probe(steps: readonly Step[]): this {
    for (const [member, result] of steps) {
      for (const pool of this.pools) pool.probe(member, result);
      this.record.refresh(1);
    }
    return this;
  }

  get info(): readonly string[] {
    const text = new MetricsText();
    const records = [{ record: this.record, clusters: this.pools }];
    collectMetrics(text, { tally: new Tally([]), records, nowMs: 0, overrides: [] });
    const { samples } = parsePrometheusText(text.toString()).get('outrigger_dns_answer_info')!;
    return samples.map(({ labels }) => labels['fingerprint'] ?? '');
  }

  get answer(): readonly number[][] {
    return this.record.node.sets.map((set) => [set.type, set.count]);
  }
}

const EVERYONE = POOLS.flat();
const results = fc.array(fc.constantFrom('ok' as const, 'fails' as const), { minLength: 1, maxLength: 5 });
const perMember = fc.tuple(...EVERYONE.map(() => results));

/** The same results of each member in two orders among members. */
const twoOrders = perMember.chain((all) => {
  const places = all.flatMap((list, i) => list.map(() => i));
  const dealt = (order: readonly number[]): readonly Step[] => {
    const left = all.map((list) => [...list]);
    return order.map((i) => [EVERYONE[i]!, left[i]!.shift()!]);
  };
  const order = fc.shuffledSubarray(places, { minLength: places.length });
  return fc.tuple(order, order).map(([one, other]) => [dealt(one), dealt(other)] as const);
});
const members = fc.shuffledSubarray([...EVERYONE], { minLength: EVERYONE.length });

describe('the fingerprint of an answer', () => {
  it.each<[Policy, WhenAllDown]>([
    ['failover', 'all'],
    ['failover', 'none'],
    ['failover', 'last_good'],
    ['all', 'all'],
    ['all', 'none'],
    ['all', 'last_good'],
  ])('of %s with %s is the same on two servers with the same inputs in another order', (policy, whenAllDown) => {
    fc.assert(
      fc.property(twoOrders, members, members, ([one, other], listed, listedElsewhere) => {
        const a = new Responder(policy, whenAllDown).discover(listed).probe(one);
        const b = new Responder(policy, whenAllDown).discover(listedElsewhere).probe(other);
        // Where nobody is up, what was good last depends on who went first.
        fc.pre(whenAllDown !== 'last_good' || a.pools.some((pool) => pool.snapshot.upCount > 0));
        expect(a.info).toHaveLength(1);
        expect(b.info).toEqual(a.info);
        expect(b.answer).toEqual(a.answer);
      }),
      { numRuns: 60 },
    );
  });

  it('is another for another set, and there is none where nobody is known', () => {
    const sets = [[], ['192.0.2.1'], ['192.0.2.2'], ['192.0.2.1', '192.0.2.2'], ['192.0.2.12']] as Ip[][];
    const seen = sets.map((set) => answerFingerprint(set));
    expect(new Set(seen).size).toBe(sets.length);
    for (const fingerprint of seen) expect(fingerprint).toMatch(/^[0-9a-f]{16}$/);
    expect(new Responder('failover', 'last_good').info).toEqual([]);
    const pair = sets[3];
    const weighed = [
      [1, 1],
      [1, 2],
      [2, 1],
    ].map((weights) => answerFingerprint(pair!, weights));
    expect(new Set([...seen, ...weighed]).size).toBe(sets.length + weighed.length);
  });

  it('changes with the answer and comes back with it', () => {
    const server = new Responder('failover', 'last_good').discover(EVERYONE);
    server.probe(EVERYONE.map((it) => [it, 'ok'] as const));
    const [before] = server.info;
    server.probe([
      ['192.0.2.1', 'fails'],
      ['192.0.2.1', 'fails'],
    ]);
    expect(server.info).not.toEqual([before]);
    server.probe([
      ['192.0.2.1', 'ok'],
      ['192.0.2.1', 'ok'],
    ]);
    expect(server.info).toEqual([before]);
  });
});
