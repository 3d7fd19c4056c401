import { beforeEach, describe, expect, it } from 'vitest';
import { AnswerSet } from '../../dns/answer-set.ts';
import { BalancedRecord, type BalancedRecordOptions } from '../../dns/balanced-record.ts';
import { TYPE } from '../../dns/codes.ts';
import { encodeRecord } from '../../dns/io/wire.ts';
import { Responder } from '../../dns/responder.ts';
import { Tally } from '../../dns/tally.ts';
import { Zone } from '../../dns/zone.ts';
import { type ZoneNode, ZoneTree } from '../../dns/zone-tree.ts';
import { query, readAnswer } from '../support/dns-message.ts';
import { FakeCluster } from '../support/fake-cluster.ts';

const PROBE = { fall: 3, rise: 2, intervalMs: 1_000 };
const P1 = '192.0.2.1';
const P2 = '192.0.2.2';
const B1 = '198.51.100.7';
const B6 = '2001:db8::7';
const START = 1_000;

let zone: Zone;
let node: ZoneNode;
let responder: Responder;
let primary: FakeCluster;
let backup: FakeCluster;

beforeEach(() => {
  const tree = new ZoneTree();
  const names = { name: 'lb.test', mname: 'ns1.lb.test', rname: 'hostmaster.lb.test' };
  zone = new Zone({ ...names, slot: 0, soaTtl: 60, negativeTtl: 5, serial: START, encode: encodeRecord });
  tree.addZone(zone);
  node = tree.addNode('www.lb.test', zone)!;
  responder = new Responder(tree, new Tally(['lb.test']), encodeRecord);
  primary = new FakeCluster({ probe: PROBE }).discover(P1, P2);
  backup = new FakeCluster({ probe: PROBE }).discover(B1, B6);
});

function balanced(options: Partial<BalancedRecordOptions> = {}): BalancedRecord {
  const rule = { policy: 'failover', whenAllDown: 'last_good' } as const;
  const times = { probe: PROBE, minTtlMs: 1_000, maxTtlMs: 30_000 };
  return new BalancedRecord({
    node,
    fixed: [],
    pools: [primary, backup],
    ...rule,
    ...times,
    ...options,
  });
}

/** The lines of an answer in a fixed order; the rcode alone where there are none. */
function answers(type = 'A'): readonly string[] {
  const { answer, rcode } = readAnswer(responder.respond(query('www.lb.test', type), 'udp')!);
  return answer.length === 0 ? [rcode] : answer.toSorted();
}

describe('a failover record', () => {
  it('moves to the backup when the primary is down, keeps it until the primary has risen, and goes back', () => {
    const record = balanced();
    primary.probe(P1, 'ok').probe(P2, 'fails');
    backup.probe(B1, 'ok').probe(B6, 'ok');
    record.refresh(START);
    expect(answers()).toEqual([`www.lb.test. 2 IN A ${P1}`]);
    expect(answers('AAAA')).toEqual(['NOERROR']);

    primary.probe(P1, 'fails', 'fails', 'fails');
    expect(record.refresh(START + 10)).toEqual({ from: [P1], to: [B1, B6], basis: 'up' });
    expect(answers()).toEqual([`www.lb.test. 2 IN A ${B1}`]);
    expect(answers('AAAA')).toEqual([`www.lb.test. 2 IN AAAA ${B6}`]);
    expect(zone.serial).toBe(START + 10);

    primary.probe(P1, 'ok');
    expect(record.refresh(START + 20)).toBeUndefined();
    expect(answers()).toEqual([`www.lb.test. 1 IN A ${B1}`]);
    primary.probe(P1, 'ok');
    expect(record.refresh(START + 30)).toEqual({ from: [B1, B6], to: [P1], basis: 'up' });
    expect(record.changes).toBe(2);
  });

  it('answers with the last good set when all are down, and never with nothing', () => {
    const record = balanced();
    primary.probe(P1, 'ok').probe(P2, 'ok');
    backup.probe(B1, 'fails').probe(B6, 'fails');
    record.refresh(START);
    for (const host of [P1, P2]) primary.probe(host, 'fails', 'fails', 'fails');
    expect(record.refresh(START)).toBeUndefined();
    expect(answers()).toEqual([`www.lb.test. 2 IN A ${P1}`, `www.lb.test. 2 IN A ${P2}`]);
    expect(node.isStale).toBe(true);
    primary.discover();
    record.refresh(START);
    expect(answers()).toHaveLength(2);
    backup.probe(B1, 'ok', 'ok');
    record.refresh(START);
    expect(node.isStale).toBe(false);
  });

  it('leaves the other types of its name as they are', () => {
    const text = AnswerSet.of('www.lb.test', 30, [{ type: TYPE.TXT, strings: [Buffer.from('beside')] }], encodeRecord);
    const record = balanced({ fixed: [text] });
    const texts = ['www.lb.test. 30 IN TXT "beside"'];
    for (const verdicts of [['ok'], ['fails'], ['fails', 'fails']] as const) {
      primary.probe(P1, ...verdicts);
      record.refresh(START);
      expect(answers('TXT')).toEqual(texts);
    }
  });

  it('has no address only where none was chosen', () => {
    const record = balanced({ whenAllDown: 'none' });
    for (const host of [P1, P2]) primary.probe(host, 'fails');
    for (const host of [B1, B6]) backup.probe(host, 'fails');
    record.refresh(START);
    expect(readAnswer(responder.respond(query('www.lb.test'), 'udp')!)).toMatchObject({
      rcode: 'NOERROR',
      answer: [],
      authority: [`lb.test. 5 IN SOA ns1.lb.test. hostmaster.lb.test. ${START} 86400 7200 3600000 5`],
    });
  });

  it('answers before the first verdicts as if the first pool were up, and says SERVFAIL where it knows nobody', () => {
    const record = balanced();
    record.refresh(START);
    expect(answers()).toEqual([`www.lb.test. 1 IN A ${P1}`, `www.lb.test. 1 IN A ${P2}`]);
    const silent = balanced({ pools: [new FakeCluster({ source: 'consul' })] });
    silent.refresh(START);
    expect(answers()).toEqual(['SERVFAIL']);
  });
});

describe('the TTL', () => {
  it('is the time to the next possible change, shorter with each failure, without a new serial', () => {
    const cluster = new FakeCluster({ probe: { fall: 5, rise: 2 } }).discover(P1).probe(P1, 'ok');
    const record = balanced({ pools: [cluster], probe: { ...PROBE, fall: 5 } });
    record.refresh(START);
    const ttls: string[] = [];
    for (const result of ['ok', 'fails', 'fails', 'fails', 'ok'] as const) {
      cluster.probe(P1, result);
      record.refresh(START + 99);
      ttls.push(answers()[0]!.split(' ')[1]!);
    }
    expect(ttls).toEqual(['5', '4', '3', '2', '5']);
    expect(zone.serial).toBe(START);
    expect(record.changes).toBe(0);
  });
});

describe('the serial', () => {
  it('is the second of the last change of content, and grows also when the clock goes back or stands still', () => {
    const cluster = new FakeCluster().discover(P1);
    const record = balanced({ pools: [cluster], probe: undefined });
    record.refresh(START);
    const serials = [
      [START + 5, P2],
      [START + 5, P1],
      [START - 100, P2],
      [START + 50, P2],
    ] as const;
    const seen = serials.map(([now, host]) => {
      cluster.discover(host);
      record.refresh(now);
      return zone.serial;
    });
    expect(seen).toEqual([START + 5, START + 6, START + 7, START + 7]);
  });
});
