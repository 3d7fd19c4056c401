import { describe, expect, it } from 'vitest';
import { type AddressType, OctetRoom } from '../../dns/address-octets.ts';
import { AnswerSet } from '../../dns/answer-set.ts';
import { ClientNetwork } from '../../dns/client-network.ts';
import { encodeRecord } from '../../dns/io/wire.ts';
import type { Ip } from '../../dns/ip.ts';
import { parseQuery, type Query } from '../../dns/message.ts';

const THREE = ['192.0.2.1', '192.0.2.2', '192.0.2.3'] as Ip[];
const QUESTION = Buffer.from('47110000000100000000000003777777026c620474657374000001' + '0001', 'hex');

function octets(set: AnswerSet): string {
  const target = Buffer.alloc(set.byteLength + 2, 0xee);
  set.copyTo(target, 1);
  expect([target[0], target.at(-1)]).toEqual([0xee, 0xee]);
  return target.subarray(1, -1).toString('hex');
}

/** The last octet of each record. */
function lasts(set: AnswerSet): readonly number[] {
  const hex = octets(set);
  return Array.from({ length: set.count }, (_, i) => Number.parseInt(hex.slice(i * 32 + 30, i * 32 + 32), 16));
}

describe('a set of addresses', () => {
  it.each<[string, AddressType, string, string]>([
    ['A', 1, '192.0.2.1', 'c00c 0001 0001 0000003c 0004 c0000201'],
    ['AAAA', 28, '2001:db8::7', 'c00c 001c 0001 0000003c 0010 20010db8000000000000000000000007'],
    ['AAAA of an IPv4 address', 28, '::ffff:c000:201', 'c00c 001c 0001 0000003c 0010 00000000000000000000ffffc0000201'],
  ])('of type %s is owned by the name in the question', (_name, type, ip, expected) => {
    expect(octets(AnswerSet.ofAddresses(type, 60, [ip as Ip]))).toBe(expected.replaceAll(' ', ''));
  });

  it.each<[AddressType, string]>([
    [1, 'www'],
    [1, '::1'],
    [28, '192.0.2.1'],
  ])('of type %i is refused with %s in it', (type, ip) => {
    expect(() => AnswerSet.ofAddresses(type, 60, [ip as Ip])).toThrow(ip);
  });

  it('begins one further each time', () => {
    const set = AnswerSet.ofAddresses(1, 60, THREE);
    expect([lasts(set), lasts(set), lasts(set), lasts(set)]).toEqual([
      [1, 2, 3],
      [2, 3, 1],
      [3, 1, 2],
      [1, 2, 3],
    ]);
  });

  it('is the same in memory that others have a part of', () => {
    const room = new OctetRoom();
    const sets = Array.from({ length: 3_000 }, (_, i) => {
      return AnswerSet.ofAddresses(1, i, [`10.0.${i >> 8}.${i & 255}` as Ip, `10.1.${i >> 8}.${i & 255}` as Ip], {
        room,
      });
    });
    for (const [i, set] of sets.entries()) {
      const [high, low, ttl] = [i >> 8, i & 255, i].map((n) => n.toString(16).padStart(2, '0'));
      const record = (second: string): string => `c00c00010001${ttl?.padStart(8, '0')}00040a${second}${high}${low}`;
      expect(octets(set)).toBe(`${record('00')}${record('01')}`);
    }
  });

  it('has another TTL in a copy, which goes on with the turns', () => {
    const room = new OctetRoom();
    const [set, other] = [0, 1].map(() => AnswerSet.ofAddresses(1, 60, THREE, { room }));
    octets(set!);
    const later = set!.withTtl(0x01020304);
    expect([later.ttl, set!.ttl]).toEqual([0x01020304, 60]);
    expect(octets(later)).toBe([2, 3, 1].map((last) => `c00c00010001010203040004c000020${last}`).join(''));
    for (const same of [set!, other!]) expect(octets(same)).toContain('c00c000100010000003c0004c0000201');
  });

  it('gives a client the one record that is chosen for it', () => {
    const set = AnswerSet.ofAddresses(1, 60, THREE, { order: { chooser: { choose: () => 1 } } });
    const client = new ClientNetwork(parseQuery(QUESTION) as Query, '192.0.2.9');
    expect([octets(set.partFor(client)), set.partFor(client).count]).toEqual(['c00c000100010000003c0004c0000202', 1]);
    expect(octets(set.withTtl(1).partFor(client))).toBe('c00c00010001000000010004c0000202');
  });

  it('shows its records without their owner', () => {
    const set = AnswerSet.ofAddresses(1, 60, THREE);
    const tails = (): readonly string[] => set.tails().map((tail) => tail.toString('hex'));
    expect(tails()).toEqual([1, 2, 3].map((last) => `000100010000003c0004c000020${last}`));
    expect(tails()[0]).toBe('000100010000003c0004c0000202');
  });
});

describe('a set of other records', () => {
  const hosts = ['a.example', 'longer.lb.test'].map((host) => ({ type: 2 as const, host }));
  const set = (): AnswerSet => AnswerSet.of('www.lb.test', 60, hosts, encodeRecord);
  const [first, second] = ['c00c00020001TTL000b01610765 78616d706c6500', 'c00c00020001TTL0009066c6f6e676572c010'];
  const inOrder = (ttl: string, ...parts: readonly (string | undefined)[]): string =>
    parts.join('').replaceAll('TTL', ttl).replaceAll(' ', '');

  it('takes turns whatever their lengths', () => {
    const records = set();
    expect(octets(records)).toBe(inOrder('0000003c', first, second));
    expect(octets(records)).toBe(inOrder('0000003c', second, first));
  });

  it('has another TTL in a copy, encoded before or not', () => {
    const encoded = set();
    octets(encoded);
    expect(octets(encoded.withTtl(5))).toBe(inOrder('00000005', second, first));
    expect(octets(set().withTtl(5))).toBe(inOrder('00000005', first, second));
  });
});
