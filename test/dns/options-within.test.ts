import { beforeEach, describe, expect, it } from 'vitest';
import { optionsWithin } from '../../dns/edns-options.ts';
import { encodeRecord } from '../../dns/io/wire.ts';
import { RateLimit } from '../../dns/rate-limit.ts';
import { Responder } from '../../dns/responder.ts';
import { Tally } from '../../dns/tally.ts';
import { buildZones } from '../../dns/zone-config.ts';
import { opt, query, readAnswer } from '../support/dns-message.ts';
import { lbTest } from '../support/dns-zone.ts';

const ADDRESS = '192.0.2.7';
const SECRET = Buffer.alloc(16, 7);
const NSID = '00030000';
const SUBNET = '00080007000118000a0901';
/** Eight octets of a client: what `dig` adds to every query. */
const COOKIE = '000a00080102030405060708';
const options = (hex: string) => ({ additionals: [opt({ options: Buffer.from(hex, 'hex') })] });

let responder: Responder;

beforeEach(() => {
  const { tree } = buildZones(lbTest('www: { a: [ 192.0.2.1 ] }').dns?.zones ?? {}, 1, encodeRecord);
  responder = new Responder(tree, new Tally(['lb.test']), encodeRecord);
  responder.replaceSettings({ secrets: [SECRET], nsid: Buffer.from('n'.repeat(20)) });
});

it.each([
  [30, 'aaaa00020000bbbb000cffffffffffffffffffffffffcccc0000', [0xaaaa, 0xbbbb, 0xcccc]],
  [16, 'aaaa00020000bbbb000cffffffffffffffffffffffffcccc0000', [0xaaaa, 0xcccc]],
  [9, 'aaaa00020000bbbb000cffffffffffffffffffffffffcccc0000', [0xaaaa]],
  [5, 'aaaa00020000bbbb000cffffffffffffffffffffffffcccc0000', [0xcccc]],
  [-3, 'aaaa00020000', []],
])('of several options those are kept that find room in %i octets', (octets, hex, codes) => {
  const kept = optionsWithin(Buffer.from(hex, 'hex'), octets);
  const found: number[] = [];
  for (let at = 0; at + 4 <= kept.length; at += 4 + kept.readUInt16BE(at + 2)) found.push(kept.readUInt16BE(at));
  expect(found).toEqual(codes);
});

describe('an error', () => {
  it.each([
    ['a first cookie', COOKIE, ['15']],
    ['a name', NSID, ['15']],
    ['a first cookie and a subnet', COOKIE + SUBNET, ['10', '15']],
    ['a subnet', SUBNET, ['8', '15']],
  ])('still says why where %s was asked for too, and is no more than 11 octets longer', (_what, hex, codes) => {
    const bytes = query('www.example.org', 'A', options(hex));
    const answer = responder.respond(bytes, 'udp', ADDRESS)!;
    expect(readAnswer(answer).rcode).toBe('REFUSED');
    expect(readAnswer(answer).options.map((it) => it.split(':')[0])).toEqual(codes);
    expect(answer.length).toBeLessThanOrEqual(bytes.length + 11);
  });
});

describe('the answer to a client over the rate limit', () => {
  it.each([
    ['a first cookie', COOKIE, 0],
    ['a name', NSID, 0],
    ['a subnet', SUBNET, 1],
    ['all of them', COOKIE + NSID + SUBNET, 1],
  ])('is no longer than its query where it asks for %s', (_what, hex, count) => {
    const limit = { responsesPerSecond: 1, windowSeconds: 1, slip: 1, isExempt: () => false, key: SECRET };
    responder.replaceLimit(new RateLimit(limit));
    const bytes = query('www.lb.test', 'A', options(hex));
    responder.respond(bytes, 'udp', ADDRESS);
    const answer = responder.respond(bytes, 'udp', ADDRESS)!;
    expect(readAnswer(answer)).toMatchObject({ rcode: 'NOERROR', flags: 'qr tc', answer: [] });
    expect(readAnswer(answer).options).toHaveLength(count);
    expect(answer.length).toBeLessThanOrEqual(bytes.length);
  });
});
