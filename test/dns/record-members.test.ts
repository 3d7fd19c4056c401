import { beforeEach, describe, expect, it } from 'vitest';
import { BalancedRecord, type BalancedRecordOptions } from '../../dns/balanced-record.ts';
import type { HoldChange } from '../../dns/damped-members.ts';
import { encodeRecord } from '../../dns/io/wire.ts';
import { Zone } from '../../dns/zone.ts';
import { ZoneTree } from '../../dns/zone-tree.ts';
import { endpointId } from '../../src/endpoint.ts';
import { FakeCluster } from '../support/fake-cluster.ts';

const PROBE = { fall: 1, rise: 1, intervalMs: 500 };
/** Two losses within 3.6 s begin a hold of at least 20 s. */
const DAMPING = { halfLifeMs: 5_000, suppress: 1_600, reuse: 100, maxHoldMs: 60_000 };
const P1 = '192.0.2.1';
const P2 = '192.0.2.2';
const B1 = '198.51.100.7';

let primary: FakeCluster;
let backup: FakeCluster;
let nowMs: number;
let holds: HoldChange[];

beforeEach(() => {
  primary = new FakeCluster({ name: 'www:primary', probe: PROBE }).discover(P1, P2);
  backup = new FakeCluster({ name: 'www:backup', probe: PROBE }).discover(B1);
  nowMs = 0;
  holds = [];
});

function recordOf(options: Partial<BalancedRecordOptions> = {}): BalancedRecord {
  const names = { name: 'lb.test', mname: 'ns1.lb.test', rname: 'hostmaster.lb.test' };
  const zone = new Zone({ ...names, slot: 0, soaTtl: 60, negativeTtl: 5, serial: 1, encode: encodeRecord });
  const tree = new ZoneTree();
  tree.addZone(zone);
  return new BalancedRecord({
    node: tree.addNode('www.lb.test', zone)!,
    fixed: [],
    pools: [primary, backup],
    probe: PROBE,
    damping: DAMPING,
    onHold: (change) => holds.push(change),
    policy: 'failover',
    whenAllDown: 'last_good',
    minTtlMs: 0,
    maxTtlMs: 30_000,
    ...options,
  });
}

/** What it answers when it looks again after so long. */
function look(record: BalancedRecord, afterMs = 0): string {
  nowMs += afterMs;
  record.refresh(1 + nowMs / 1_000, nowMs);
  const { choice, ttlSeconds } = record.standing!;
  return `${choice.basis}: ${choice.addresses.join(' ')} (${ttlSeconds})`.replace(':  (', ': (');
}

/** The member goes and comes `times` times, a second each; what is answered after each step. */
function flap(record: BalancedRecord, member: string, times: number): readonly string[] {
  const cluster = member === B1 ? backup : primary;
  return Array.from({ length: times }, () => {
    cluster.probe(member, 'fails');
    const gone = look(record, 500);
    cluster.probe(member, 'ok');
    return [gone, look(record, 500)];
  }).flat();
}

function startUp(record: BalancedRecord, ...down: readonly string[]): BalancedRecord {
  for (const member of [P1, P2]) primary.probe(member, down.includes(member) ? 'fails' : 'ok');
  backup.probe(B1, down.includes(B1) ? 'fails' : 'ok');
  look(record);
  return record;
}

describe('a preferred member that flaps', () => {
  it('is out of the answer from its second loss until it has been steady, and a backup that is up answers', () => {
    const record = startUp(recordOf(), P2);
    const primaryUp = `up: ${P1} (0)`;
    const backupUp = `up: ${B1} (0)`;
    expect(flap(record, P1, 1)).toEqual([backupUp, primaryUp]);
    expect(flap(record, P1, 30).map((it) => it.split(' (')[0])).toEqual(Array.from({ length: 60 }, () => `up: ${B1}`));
    expect(record.changes).toBe(3);
    const { heldMs } = record.memberStanding('www:primary', endpointId(P1), nowMs);
    // Half a second of it has passed since the last loss.
    expect(heldMs).toBeGreaterThan(29_000);
    expect(look(record, heldMs - 1)).toBe(backupUp);
    expect(look(record, 1)).toBe(primaryUp);
    expect(record.changes).toBe(4);
  });

  it('leaves the others of its pool in the answer', () => {
    const record = startUp(recordOf());
    flap(record, P1, 2);
    expect(look(record)).toBe(`up: ${P2} (0)`);
    expect(record.changes).toBe(3);
  });

  it('is told once when it is held and once when it is let go', () => {
    const record = startUp(recordOf(), P2);
    flap(record, P1, 10);
    expect(holds).toMatchObject([{ pool: 'www:primary', member: P1, holdMs: expect.closeTo(20_000 + 1_000, -3) }]);
    look(record, 60_000);
    expect(holds).toHaveLength(2);
    expect(holds[1]).toMatchObject({ pool: 'www:primary', member: P1, holdMs: 0 });
  });

  it('that disappears from discovery has been lost as well, and its penalty waits for it', () => {
    const cluster = new FakeCluster({ name: 'www:primary', source: 'consul' }).discover(P1);
    backup = new FakeCluster({ name: 'www:backup' }).discover(B1);
    const record = recordOf({ pools: [cluster, backup], probe: undefined });
    look(record);
    for (let i = 0; i < 2; i += 1) {
      cluster.discover();
      look(record, 500);
      cluster.discover(P1);
      look(record, 500);
    }
    expect(look(record)).toMatch(`up: ${B1}`);
    expect(record.memberStanding('www:primary', endpointId(P1), nowMs).penalty).toBeGreaterThan(1_600);
  });

  it('is not held where damping is off', () => {
    const record = startUp(recordOf({ damping: undefined }), P2);
    flap(record, P1, 10);
    expect(record.changes).toBe(20);
    expect(record.lookAgainMs(nowMs)).toBeUndefined();
    expect(record.memberStanding('www:primary', endpointId(P1), nowMs)).toEqual({
      penalty: 0,
      heldMs: 0,
      ordered: undefined,
    });
  });
});

describe('where nobody is up but members that are held', () => {
  it.each(['last_good', 'all', 'none'] as const)(
    'those of the first pool that has any answer before %s',
    (whenAllDown) => {
      const record = startUp(recordOf({ whenAllDown }), P2);
      flap(record, P1, 3);
      flap(record, B1, 3);
      expect(look(record)).toBe(`held: ${P1} (0)`);
      primary.probe(P1, 'fails');
      expect(look(record)).toBe(`held: ${B1} (0)`);
      backup.probe(B1, 'fails');
      const expected = { last_good: `last_good: ${B1} (0)`, all: `all: ${P1} ${P2} ${B1} (0)`, none: 'none: (0)' };
      expect(look(record)).toBe(expected[whenAllDown]);
    },
  );

  it('a single member that flaps is the answer all the time, up or down', () => {
    const record = startUp(recordOf(), P2, B1);
    const seen = flap(record, P1, 20).map((it) => it.replace(/^.*: (.*) \(.*$/, '$1'));
    expect(new Set(seen)).toEqual(new Set([P1]));
    expect(record.changes).toBe(0);
  });

  it('they go before too few others, and a backup that is up goes before them', () => {
    const record = startUp(recordOf({ minUp: [2, 1] }));
    flap(record, P1, 3);
    expect(look(record)).toBe(`up: ${B1} (0)`);
    backup.probe(B1, 'fails');
    expect(look(record)).toBe(`held: ${P1} ${P2} (0)`);
    primary.probe(P1, 'fails');
    expect(look(record)).toBe(`too_few: ${P2} (0)`);
  });

  it('one that has recovered goes before all of them', () => {
    const record = startUp(recordOf(), P2);
    flap(record, P1, 3);
    flap(record, B1, 3);
    primary.probe(P2, 'ok');
    expect(look(record)).toBe(`up: ${P2} (0)`);
  });
});

describe('a member that is ordered', () => {
  const ordering = (orders: Readonly<Record<string, 'up' | 'down'>>) => ({
    overrideOf: (_pool: string, { ip }: { readonly ip: string }) => orders[ip],
  });

  it('down is out of the answer at once, though it is up, and back when its health decides again', () => {
    const orders: Record<string, 'up' | 'down'> = {};
    const record = startUp(recordOf(ordering(orders)), P2);
    orders[P1] = 'down';
    expect(look(record)).toBe(`up: ${B1} (0)`);
    expect(record.memberStanding('www:primary', endpointId(P1), nowMs).ordered).toBe('down');
    delete orders[P1];
    expect(look(record)).toBe(`up: ${P1} (0)`);
    expect(record.memberStanding('www:primary', endpointId(P1), nowMs)).toEqual({
      ordered: undefined,
      penalty: 0,
      heldMs: 0,
    });
  });

  it('up is in the answer whatever its probes and its penalty say, for the longest TTL', () => {
    const orders: Record<string, 'up' | 'down'> = {};
    const record = startUp(recordOf(ordering(orders)), P2);
    flap(record, P1, 3);
    expect(look(record)).toBe(`up: ${B1} (0)`);
    Object.assign(orders, { [P1]: 'up', [P2]: 'up' });
    expect(look(record)).toBe(`up: ${P1} ${P2} (30)`);
    expect(record.memberStanding('www:primary', endpointId(P1), nowMs)).toMatchObject({ ordered: 'up', heldMs: 0 });
  });

  it('down is not in an answer for want of others either, as long as there are others', () => {
    const orders: Record<string, 'up' | 'down'> = {};
    const record = startUp(recordOf(ordering(orders)), P2, B1);
    expect(look(record)).toBe(`up: ${P1} (0)`);
    orders[P1] = 'down';
    // The last good set is P1 alone, and nobody else is up.
    expect(look(record)).toBe(`configured: ${P2} (0)`);
    orders[P2] = 'down';
    expect(look(record)).toBe(`configured: ${B1} (0)`);
    orders[B1] = 'down';
    expect(look(record)).toBe(`last_good: ${P1} (30)`);
  });

  it.each([
    ['all', `all: ${P2} ${B1} (0)`, `all: ${P1} ${P2} ${B1} (30)`],
    ['none', 'none: (0)', 'none: (30)'],
  ] as const)('down is not there for %s, unless nobody is', (whenAllDown, others, nobody) => {
    const orders: Record<string, 'up' | 'down'> = { [P1]: 'down' };
    const record = startUp(recordOf({ ...ordering(orders), whenAllDown }), P1, P2, B1);
    expect(look(record)).toBe(others);
    Object.assign(orders, { [P2]: 'down', [B1]: 'down' });
    expect(look(record).replace(/\(\d+\)/, '(30)')).toBe(nobody);
  });

  it('down in one pool stays in the answer of another that has it too', () => {
    backup = new FakeCluster({ name: 'www:backup', probe: PROBE }).discover(B1, P1);
    const overrideOf = (pool: string, { ip }: { readonly ip: string }) =>
      pool === 'www:primary' && ip === P1 ? ('down' as const) : undefined;
    const record = startUp(recordOf({ overrideOf }), P2, B1);
    backup.probe(P1, 'ok');
    expect(look(record)).toBe(`up: ${P1} (0)`);
    backup.probe(P1, 'fails');
    expect(look(record)).toBe(`last_good: ${P1} (0)`);
  });

  it('has no loss by the order: only its health makes a penalty', () => {
    const orders: Record<string, 'up' | 'down'> = {};
    const record = startUp(recordOf(ordering(orders)), P2);
    for (let i = 0; i < 5; i += 1) {
      orders[P1] = 'down';
      look(record, 100);
      delete orders[P1];
      expect(look(record, 100)).toBe(`up: ${P1} (0)`);
    }
    expect(record.memberStanding('www:primary', endpointId(P1), nowMs).penalty).toBe(0);
  });
});

describe('the TTL while a member is held', () => {
  it('is never longer than the hold, by the second, and says when to look again', () => {
    const steady = { fall: 100, rise: 1, intervalMs: 1_000 };
    backup = new FakeCluster({ name: 'www:backup', probe: steady }).discover(B1);
    const record = startUp(recordOf({ pools: [primary, backup] }), P2);
    flap(record, P1, 2);
    // Without the other members' own timing: nothing but the end of the hold could change this answer.
    const alone = recordOf({ pools: [primary, backup], probe: { ...PROBE, rise: 1_000, fall: 1_000 } });
    look(alone);
    alone.follow(record);
    primary.probe(P1, 'ok');
    for (let leftMs = record.memberStanding('www:primary', endpointId(P1), nowMs).heldMs; leftMs > 1; ) {
      look(alone);
      const lookMs = alone.lookAgainMs(nowMs)!;
      expect(lookMs).toBeGreaterThan(0);
      expect(lookMs).toBeLessThanOrEqual(1_000);
      // Still true right before it is looked at again.
      expect(alone.standing!.ttlSeconds * 1_000).toBeLessThanOrEqual(leftMs - lookMs + 1);
      nowMs += lookMs;
      leftMs = record.memberStanding('www:primary', endpointId(P1), nowMs).heldMs;
    }
    expect(look(alone)).toMatch(`up: ${P1}`);
    expect(alone.lookAgainMs(nowMs)).toBeUndefined();
  });
});

describe('a record that takes the place of another', () => {
  it('goes on with its penalties and holds', () => {
    const former = startUp(recordOf(), P2);
    flap(former, P1, 3);
    const next = recordOf({ policy: 'all' });
    look(next);
    expect(look(next)).toBe(`up: ${P1} ${B1} (0)`);
    next.follow(former);
    expect(look(next)).toBe(`up: ${B1} (0)`);
    holds = [];
    look(next, 60_000);
    expect(holds).toMatchObject([{ member: P1, holdMs: 0 }]);
  });
});
