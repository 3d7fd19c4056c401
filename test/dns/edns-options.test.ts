import { beforeEach, describe, expect, it } from 'vitest';
import { encodeRecord } from '../../dns/io/wire.ts';
import { RateLimit } from '../../dns/rate-limit.ts';
import { Responder } from '../../dns/responder.ts';
import { Tally } from '../../dns/tally.ts';
import type { Transport } from '../../dns/truncate.ts';
import { type BuiltZones, buildZones } from '../../dns/zone-config.ts';
import { type Answer, opt, type QueryParts, query, readAnswer } from '../support/dns-message.ts';
import { lbTest } from '../support/dns-zone.ts';

const SECRET = Buffer.from('e5e973e5a6b2a43f48e7dc849e37bfcf', 'hex');
const CLIENT = '2464c4abcf10c957';
const FULL = `${CLIENT}010000005cf79f111f8130c3eee29480`;
const ADDRESS = '198.51.100.100';

let built: BuiltZones;
let responder: Responder;
let tally: Tally;

beforeEach(() => {
  const zones = lbTest('web: { a: [ 192.0.2.1 ] }\nalias: { cname: web.lb.test }').dns?.zones ?? {};
  built = buildZones(zones, 1, encodeRecord);
  tally = new Tally(['lb.test']);
  responder = new Responder(built.tree, tally, encodeRecord, () => 1_559_731_985_000);
  responder.replaceSettings({ secrets: [SECRET], nsid: Buffer.from('ns1') });
});

function option(code: number, data: string): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(code, 0);
  head.writeUInt16BE(data.length / 2, 2);
  return Buffer.concat([head, Buffer.from(data, 'hex')]);
}

function ask(name: string, options: readonly Buffer[], parts: QueryParts = {}, type = 'A'): Answer {
  const bytes = query(name, type, { ...parts, additionals: [opt({ options: Buffer.concat(options) })] });
  return readAnswer(responder.respond(bytes, 'udp', ADDRESS)!);
}

describe('an answer', () => {
  it.each([
    ['nothing where nothing was asked', [], []],
    ['nothing for what it does not know', [option(65_001, 'abcd')], []],
    ['our cookie to a client that has none of ours', [option(10, CLIENT)], [`10:${FULL}`]],
    ['the cookie that the client has', [option(10, FULL)], [`10:${FULL}`]],
    ['the right cookie in place of a false one', [option(10, `${FULL.slice(0, -2)}81`)], [`10:${FULL}`]],
    ['one cookie for two, the first', [option(10, CLIENT), option(10, 'ff'.repeat(8))], [`10:${FULL}`]],
    ['the name of the server', [option(3, '')], ['3:6e7331']],
    ['the client subnet with scope 0', [option(8, '00011800c00002')], ['8:00011800c00002']],
    ['the client subnet of 20 bits', [option(8, '000114000a01f0')], ['8:000114000a01f0']],
    ['the client subnet of no bits', [option(8, '00010000')], ['8:00010000']],
    ['the client subnet of IPv6', [option(8, '0002380020010db8000000')], ['8:0002380020010db8000000']],
    [
      'all of them',
      [option(3, ''), option(8, '00010000'), option(10, CLIENT)],
      [`10:${FULL}`, '3:6e7331', '8:00010000'],
    ],
  ])('brings %s', (_what, asked, options) => {
    for (const name of ['web.lb.test', 'alias.lb.test', 'nope.lb.test']) {
      expect(ask(name, asked)).toMatchObject({ flags: 'qr aa', options });
    }
  });

  it.each([
    ['a cookie of 7 octets', option(10, '00'.repeat(7))],
    ['a cookie of 12 octets', option(10, '00'.repeat(12))],
    ['a cookie of 41 octets', option(10, '00'.repeat(41))],
    ['a subnet of a third family', option(8, '00030000')],
    ['a subnet with a scope', option(8, '00011808c00002')],
    ['a subnet with too few octets', option(8, '00011800c000')],
    ['a subnet with too many octets', option(8, '00011800c0000201')],
    ['a subnet with bits behind its prefix', option(8, '000114000a01f1')],
    ['a subnet of 33 bits', option(8, '00012100c000020100')],
    ['a subnet without its head', option(8, '0001')],
    ['two subnets', Buffer.concat([option(8, '00010000'), option(8, '00010000')])],
  ])('to %s is FORMERR', (_what, malformed) => {
    expect(ask('web.lb.test', [malformed])).toMatchObject({ rcode: 'FORMERR', flags: 'qr', answer: [], options: [] });
  });

  it('has no cookie and no name without settings', () => {
    responder.replaceSettings({ secrets: [], nsid: undefined });
    expect(ask('web.lb.test', [option(10, CLIENT), option(3, '')]).options).toEqual([]);
  });
});

describe('an error', () => {
  it.each([
    ['not authoritative', 'REFUSED', 'example.org', {}, '15:0014'],
    ['prohibited: a class', 'REFUSED', 'version.bind', { cls: 3 }, '15:0012'],
    ['prohibited: a class', 'REFUSED', 'id.server', { cls: 3 }, '15:0012'],
    ['not supported', 'NOTIMP', 'lb.test', { flags: 5 << 11 }, '15:0015'],
  ])('says why: %s', (_why, rcode, name, parts, why) => {
    expect(ask(name, [], parts, 'TXT')).toMatchObject({ rcode, options: [why], answer: [] });
    expect(ask(name, [option(10, FULL)], parts, 'TXT').options).toEqual([`10:${FULL}`, why]);
  });

  it('leaves options out before it grows by more than 11 octets', () => {
    for (const options of [option(10, CLIENT), option(3, '')]) {
      const bytes = query('example.org', 'A', { additionals: [opt({ options })] });
      expect(responder.respond(bytes, 'udp', ADDRESS)!.length).toBeLessThanOrEqual(bytes.length + 11);
    }
  });

  it('that nothing is known yet says so', () => {
    const node = built.tree.addNode('web.lb.test', built.tree.zones[0]!)!;
    node.sets = [];
    node.known = false;
    expect(ask('web.lb.test', [])).toMatchObject({ rcode: 'SERVFAIL', options: ['15:000e'] });
  });
});

describe('a client over the rate limit', () => {
  const limited = (slip: number): RateLimit =>
    new RateLimit({ responsesPerSecond: 2, windowSeconds: 1, slip, isExempt: () => false, key: SECRET });
  const times = (count: number, bytes: Buffer, transport: Transport = 'udp'): readonly string[] =>
    Array.from({ length: count }, () => {
      const reply = responder.respond(bytes, transport, ADDRESS);
      return reply === undefined ? 'nothing' : readAnswer(reply).flags;
    });

  it('gets nothing, or every so often an empty answer that sends it to TCP', () => {
    responder.replaceLimit(limited(2));
    expect(times(6, query('web.lb.test'))).toEqual(['qr aa', 'qr aa', 'nothing', 'qr tc', 'nothing', 'qr tc']);
    expect(drops()).toMatchObject({ rate_limited: 2, rate_limited_slip: 2 });
    const bytes = query('web.lb.test', 'A', { additionals: [opt()] });
    expect([1, 2].map(() => responder.respond(bytes, 'udp', ADDRESS)?.length)).toEqual([undefined, bytes.length]);
  });

  it('is limited for errors too, and gets nothing for what cannot be read', () => {
    responder.replaceLimit(limited(1));
    expect(times(4, query('example.org'))).toEqual(['qr', 'qr', 'qr tc', 'qr tc']);
    expect(times(1, query('web.lb.test', 'A', { counts: [0, 0, 0, 0] }))).toEqual(['nothing']);
  });

  it('is answered over TCP, and over UDP when its cookie shows where it is', () => {
    responder.replaceLimit(limited(0));
    times(10, query('web.lb.test'));
    expect(times(3, query('web.lb.test'), 'tcp')).toEqual(['qr aa', 'qr aa', 'qr aa']);
    const withCookie = (cookie: string) =>
      query('web.lb.test', 'A', { additionals: [opt({ options: option(10, cookie) })] });
    expect(times(2, withCookie(FULL))).toEqual(['qr aa', 'qr aa']);
    expect(times(1, withCookie(CLIENT))).toEqual(['nothing']);
  });
});

function drops(): Readonly<Record<string, number>> {
  const found: Record<string, number> = {};
  const sample = ({ cause }: Readonly<Record<string, string>>, value: number): void => {
    if (cause !== undefined) found[cause] = value;
  };
  tally.collect({ family: () => {}, sample });
  return found;
}

it('an answer with the last good addresses says that they are stale, through an alias as well', () => {
  built.tree.addNode('web.lb.test', built.tree.zones[0]!)!.isStale = true;
  for (const name of ['web.lb.test', 'alias.lb.test']) {
    expect(ask(name, [])).toMatchObject({ rcode: 'NOERROR', options: ['15:0003'] });
    expect(readAnswer(responder.respond(query(name), 'udp', ADDRESS)!).edns).toBeUndefined();
  }
});
