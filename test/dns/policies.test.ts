import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { BalancedRecord } from '../../dns/balanced-record.ts';
import { servingOf } from '../../dns/balanced-sets.ts';
import { encodeRecord } from '../../dns/io/wire.ts';
import { Responder } from '../../dns/responder.ts';
import { Tally } from '../../dns/tally.ts';
import { buildZones } from '../../dns/zone-config.ts';
import type { BalancedRecordConfig } from '../../src/config/dns.ts';
import { type Answer, opt, type QueryParts, query, readAnswer } from '../support/dns-message.ts';
import { lbTest } from '../support/dns-zone.ts';
import { FakeCluster } from '../support/fake-cluster.ts';

const START = 1_000;
const PROBE = { fall: 3, rise: 2, intervalMs: 1_000 };
const [A1, A2, A3] = ['192.0.2.1', '192.0.2.2', '192.0.2.3'] as const;
const [S1, S2] = ['2001:db8::1', '2001:db8::2'] as const;
const BACKUP = '198.51.100.7';
const SECRET = Buffer.from('e5e973e5a6b2a43f48e7dc849e37bfcf', 'hex');

let primary: FakeCluster;
let backup: FakeCluster;
let responder: Responder;
let record: BalancedRecord;

/** The names around `www`, which is balanced as `settings` say over `primary` and `backup`. */
function serve(settings: string, probe?: typeof PROBE): void {
  const zones = lbTest(`
www:
  ${settings}
  txt: [ beside ]
  pools:
    - { name: primary, members: { static: [ ${A1} ] } }
    - { name: backup, members: { static: [ ${BACKUP} ] } }
old: { cname: www.lb.test. }
mail: { mx: [ "10 www.lb.test." ] }
"*.wild": { cname: www.lb.test. }
fixed: { a: [ ${A1} ] }`).dns?.zones;
  const { tree, balanced } = buildZones(zones ?? {}, START, encodeRecord);
  const { node, fixed, config } = balanced[0]!;
  primary = new FakeCluster(probe === undefined ? {} : { probe });
  backup = new FakeCluster(probe === undefined ? {} : { probe }).discover(BACKUP);
  record = new BalancedRecord({
    node,
    fixed,
    pools: [primary, backup],
    policy: config.policy,
    serving: servingOf(config as BalancedRecordConfig),
    whenAllDown: config.when_all_down,
    probe,
    minTtlMs: 1_000,
    maxTtlMs: 30_000,
  });
  responder = new Responder(tree, new Tally(['lb.test']), encodeRecord, () => 1_559_731_985_000);
  responder.replaceSettings({ secrets: [SECRET], nsid: Buffer.from('ns1') });
}

function members(...hosts: readonly string[]): void {
  primary.discover(...hosts);
  record.refresh(START + 60);
}

function reply(name: string, type = 'A', parts: QueryParts = {}, from = '203.0.113.9'): Answer {
  return readAnswer(responder.respond(query(name, type, parts), 'udp', from)!);
}

/** The data of the answer's addresses, in their order. */
function addresses(answer: Answer): readonly string[] {
  return answer.answer.filter((line) => / IN A+ /.test(line)).map((line) => line.split(' ').at(-1)!);
}

function ask(type = 'A', from?: string): readonly string[] {
  return addresses(reply('www.lb.test', type, {}, from));
}

function countEach(all: readonly (string | undefined)[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const it of all) counts[it ?? 'none'] = (counts[it ?? 'none'] ?? 0) + 1;
  return counts;
}

const times = <T>(count: number, run: () => T): readonly T[] => Array.from({ length: count }, run);

describe('policy weighted', () => {
  beforeEach(() => serve('policy: weighted'));

  it('answers with one member, each as often as its weight says and never twice in a row without need', () => {
    members(`${A1} up 3`, `${A2} up 2`, `${A3} up 1`);
    const seen = times(6, () => ask());
    expect(seen.every((it) => it.length === 1)).toBe(true);
    expect(seen.flat()).toEqual([A1, A2, A1, A3, A2, A1]);
    expect(countEach(times(60, () => ask()[0]))).toEqual({ [A1]: 30, [A2]: 20, [A3]: 10 });
  });

  it('has turns of their own for each family, and leaves other types alone', () => {
    members(`${A1} up 2`, A2, `${S1} up 1`, `${S2} up 3`);
    const seen = times(12, () => ({ a: ask('A')[0], aaaa: ask('AAAA')[0] }));
    expect(countEach(seen.map(({ a }) => a))).toEqual({ [A1]: 8, [A2]: 4 });
    expect(countEach(seen.map(({ aaaa }) => aaaa))).toEqual({ [S1]: 3, [S2]: 9 });
    expect(reply('www.lb.test', 'TXT').answer).toEqual(['www.lb.test. 30 IN TXT "beside"']);
  });

  it('leaves out who has weight 0, and falls over to the next pool when nobody is left', () => {
    members(`${A1} up 0`, A2);
    expect(countEach(times(4, () => ask()[0]))).toEqual({ [A2]: 4 });
    members(`${A1} up 0`, `${A2} up 0`);
    expect(ask()).toEqual([BACKUP]);
  });

  it('takes up other weights without a new serial, and goes on with the turns that are due', () => {
    members(`${A1} up 3`, A2);
    expect(times(2, () => ask()[0])).toEqual([A1, A1]);
    const { serial } = record.node.zone;
    members(A1, `${A2} up 3`);
    expect(ask()).toEqual([A2]);
    expect(countEach(times(7, () => ask()[0]))).toEqual({ [A1]: 2, [A2]: 5 });
    expect([record.node.zone.serial, record.changes]).toEqual([serial, 0]);
  });

  it('gives each chain of aliases and each courtesy its turn too', () => {
    members(`${A1} up 2`, A2);
    expect(countEach(times(6, () => addresses(reply('old.lb.test'))[0]))).toEqual({ [A1]: 4, [A2]: 2 });
    const besides = times(6, () => reply('mail.lb.test', 'MX').additional);
    expect(besides.every((lines) => lines.length === 1)).toBe(true);
    expect(countEach(besides.map(([line]) => line?.split(' ').at(-1)))).toEqual({ [A1]: 4, [A2]: 2 });
  });

  it('keeps the turns through a change of the TTL, which is the time to the next change of the pool', () => {
    serve('policy: weighted', PROBE);
    primary.discover(`${A1} up 2`, A2).probe(A1, 'ok').probe(A2, 'ok');
    record.refresh(START);
    expect(times(2, () => reply('www.lb.test').answer)).toEqual([
      [`www.lb.test. 3 IN A ${A1}`],
      [`www.lb.test. 3 IN A ${A2}`],
    ]);
    primary.probe(A2, 'fails');
    record.refresh(START);
    expect(times(3, () => reply('www.lb.test').answer.join())).toEqual([
      `www.lb.test. 2 IN A ${A1}`,
      `www.lb.test. 2 IN A ${A1}`,
      `www.lb.test. 2 IN A ${A2}`,
    ]);
    primary.probe(A2, 'fails', 'fails');
    record.refresh(START);
    expect(countEach(times(5, () => ask()[0]))).toEqual({ [A1]: 5 });
  });

  it('is exact over whole cycles, whatever the weights', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }), (weights) => {
        serve('policy: weighted');
        members(...weights.map((weight, i) => `10.0.0.${i + 1} up ${weight}`));
        const cycle = weights.reduce((a, b) => a + b, 0);
        const counts = countEach(times(2 * cycle, () => ask()[0]));
        expect(weights.map((_, i) => counts[`10.0.0.${i + 1}`])).toEqual(weights.map((weight) => 2 * weight));
      }),
      { numRuns: 20 },
    );
  });
});

describe('policy weighted with answer all', () => {
  it('answers with every member, the first in proportion to weight', () => {
    serve('policy: weighted\n  answer: all');
    members(`${A1} up 3`, A2, `${A3} up 0`);
    const seen = times(8, () => ask());
    expect(seen.every((it) => it.toSorted().join() === `${A1},${A2}`)).toBe(true);
    expect(countEach(seen.map(([first]) => first))).toEqual({ [A1]: 6, [A2]: 2 });
    expect(countEach(times(8, () => addresses(reply('old.lb.test'))[0]))).toEqual({ [A1]: 6, [A2]: 2 });
  });
});

/** A client subnet of IPv4. */
function subnet(bits: number, address: string): Buffer {
  const octets = Buffer.from(address.split('.').map(Number)).subarray(0, Math.ceil(bits / 8));
  return Buffer.concat([Buffer.of(0, 8, 0, 4 + octets.length, 0, 1, bits, 0), octets]);
}

const withOptions = (...options: readonly Buffer[]): QueryParts => ({
  additionals: [opt({ options: Buffer.concat(options) })],
});

const CLIENTS = Array.from({ length: 64 }, (_, i) => `10.9.${i}.77`);

describe('policy hash', () => {
  beforeEach(() => {
    serve('policy: hash');
    members(A1, A2, A3, S1, S2);
  });

  it('answers a network with one member, always the same, and networks with different ones', () => {
    const first = CLIENTS.map((client) => ask('A', client));
    expect(first.every((it) => it.length === 1)).toBe(true);
    expect(CLIENTS.map((client) => ask('A', client.replace(/77$/, '200')))).toEqual(first);
    expect(Object.keys(countEach(first.flat())).toSorted()).toEqual([A1, A2, A3]);
    expect(Object.keys(countEach(CLIENTS.map((client) => ask('AAAA', client)[0]))).toSorted()).toEqual([S1, S2]);
  });

  it('moves only the clients of a member that goes down, and takes them back', () => {
    const before = CLIENTS.map((client) => ask('A', client)[0]);
    members(A1, `${A2} down`, A3, S1, S2);
    const without = CLIENTS.map((client) => ask('A', client)[0]);
    for (const [i, member] of before.entries()) if (member !== A2) expect(without[i]).toBe(member);
    expect(without).not.toContain(A2);
    members(A1, A2, A3, S1, S2);
    expect(CLIENTS.map((client) => ask('A', client)[0])).toEqual(before);
  });

  it('is the same at another server, whatever that one has seen before', () => {
    const here = CLIENTS.map((client) => ask('A', client));
    serve('policy: hash');
    members(A3);
    members(S2, A3, A2, S1, A1);
    expect(CLIENTS.map((client) => ask('A', client))).toEqual(here);
  });

  it('goes by the subnet that the query names, whoever sends it, and says how much of it was used', () => {
    for (const client of CLIENTS.slice(0, 8)) {
      const [member] = ask('A', client);
      const third = Number(client.split('.')[2]).toString(16).padStart(2, '0');
      const answer = reply('www.lb.test', 'A', withOptions(subnet(24, client)), '203.0.113.5');
      expect([addresses(answer), answer.options]).toEqual([[member], [`8:000118180a09${third}`]]);
      const whole = reply('www.lb.test', 'A', withOptions(subnet(32, client)), '203.0.113.5');
      expect([addresses(whole), whole.options]).toEqual([[member], [`8:000120180a09${third}4d`]]);
    }
    expect(reply('www.lb.test', 'A', withOptions(subnet(16, '10.9.0.0'))).options).toEqual(['8:000110100a09']);
    expect(reply('www.lb.test', 'A', withOptions(subnet(0, ''))).options).toEqual(['8:00010000']);
  });

  it('has scope 0 where the network made no difference', () => {
    const asked = withOptions(subnet(24, '10.9.1.0'));
    for (const [name, type] of [
      ['fixed.lb.test', 'A'],
      ['www.lb.test', 'TXT'],
      ['www.lb.test', 'MX'],
      ['www.lb.test', 'ANY'],
      ['nope.lb.test', 'A'],
      ['elsewhere.test', 'A'],
    ] as const) {
      expect(reply(name, type, asked).options.filter((it) => it.startsWith('8:'))).toEqual(['8:000118000a0901']);
    }
    serve('policy: weighted');
    members(A1, A2);
    expect(reply('www.lb.test', 'A', asked).options).toEqual(['8:000118000a0901']);
  });

  it('is followed through aliases, wildcards and courtesies, with the scope of what was used', () => {
    for (const client of CLIENTS.slice(0, 8)) {
      const [member] = ask('A', client);
      const asked = withOptions(subnet(24, client));
      for (const name of ['old.lb.test', 'any.wild.lb.test']) {
        const answer = reply(name, 'A', asked);
        expect(addresses(answer)).toEqual([member]);
        expect(answer.options[0]).toMatch(/^8:00011818/);
        expect(addresses(reply(name, 'A', {}, client))).toEqual([member]);
      }
      const mail = reply('mail.lb.test', 'MX', asked);
      expect(mail.additional[0]).toContain(` A ${member}`);
      expect(mail.options[0]).toMatch(/^8:00011818/);
    }
  });

  it('leaves cookies and the name of the server as they are', () => {
    const cookie = Buffer.from('000a00082464c4abcf10c957', 'hex');
    const nsid = Buffer.of(0, 3, 0, 0);
    const answer = reply('www.lb.test', 'A', withOptions(nsid, subnet(24, '10.9.1.0'), cookie), '198.51.100.100');
    expect(answer.options).toEqual([
      '10:2464c4abcf10c957010000005cf79f111f8130c3eee29480',
      '3:6e7331',
      '8:000118180a0901',
    ]);
    expect(addresses(answer)).toEqual(ask('A', '10.9.1.77'));
  });

  it('says in the same answer that it is stale', () => {
    members(`${A1} down`, `${A2} down`, `${A3} down`);
    backup.discover(`${BACKUP} down`);
    record.refresh(START + 90);
    const answer = reply('www.lb.test', 'A', withOptions(subnet(24, '10.9.1.0')));
    expect(answer.options).toEqual(['8:000118180a0901', '15:0003']);
    expect(addresses(answer)).toHaveLength(1);
  });

  it('answers whole, with a scope no longer than the source, whatever subnet the query names', () => {
    // Half of them are sound: as many octets as the bits need, none of the last one's spare bits set.
    const data = fc
      .tuple(
        fc.constantFrom(0, 1, 2, 3),
        fc.integer({ min: 0, max: 129 }),
        fc.boolean(),
        fc.uint8Array({ maxLength: 17 }),
      )
      .map(([family, some, isSound, octets]) => {
        if (!isSound) return { family, bits: some, octets: Buffer.from(octets) };
        const bits = Math.min(some, [0, 32, 128][family] ?? 0);
        const address = Buffer.concat([Buffer.from(octets), Buffer.alloc(17)], Math.ceil(bits / 8));
        if (bits % 8 > 0) address[address.length - 1]! &= 0xff00 >> (bits % 8);
        return { family, bits, octets: address };
      });
    fc.assert(
      fc.property(data, fc.constantFrom('www', 'old', 'mail', 'nope'), ({ family, bits, octets }, name) => {
        const option = Buffer.concat([Buffer.of(0, 8, 0, 4 + octets.length, 0, family, bits, 0), octets]);
        const answer = reply(`${name}.lb.test`, name === 'mail' ? 'MX' : 'A', withOptions(option));
        expect(['NOERROR', 'FORMERR', 'NXDOMAIN']).toContain(answer.rcode);
        if (answer.rcode === 'FORMERR') return;
        const [subnetOption = ''] = answer.options.filter((it) => it.startsWith('8:'));
        const [source = 0, scope = 0] = [6, 8].map((at) => Number.parseInt(subnetOption.slice(at, at + 2), 16));
        expect(source).toBe(bits);
        expect(scope).toBe(name === 'nope' ? 0 : Math.min(bits, family === 2 ? 56 : 24));
        if (name === 'www') expect(addresses(answer)).toHaveLength(1);
      }),
      { numRuns: 500 },
    );
  });

  it('gives the networks by weight', () => {
    members(`${A1} up 9`, A2);
    const clients = Array.from({ length: 1_000 }, (_, i) => `10.${i >> 8}.${i & 255}.1`);
    const counts = countEach(clients.map((client) => ask('A', client)[0]));
    expect(counts[A1]).toBeGreaterThan(800);
    expect(counts[A2]).toBeGreaterThan(20);
  });
});
