import { describe, expect, it } from 'vitest';
import { ipOctets } from '../../dns/ip.ts';
import { answerCookie } from '../../dns/server-cookie.ts';
import { sipHash24 } from '../../dns/sip-hash.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

it.each([
  // The vectors that its authors published: key 00 … 0f, message 00 … n - 1.
  [0, '310e0edd47db6f72'],
  [1, 'fd67dc93c539f874'],
  [8, '6224939a79f5f593'],
  [15, 'e545be4961ca29a1'],
])('SipHash-2-4 of %i octets', (length, hash) => {
  const octets = Buffer.from(Array.from({ length: 16 }, (_, i) => i));
  expect(sipHash24(octets, octets.subarray(0, length)).toString('hex')).toBe(hash);
});

it.each([
  ['192.0.2.1', 'c0000201'],
  ['2001:db8::1', '20010db8000000000000000000000001'],
  ['::', '00000000000000000000000000000000'],
  ['fe80::1%eth0', 'fe800000000000000000000000000001'],
  ['::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
  ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
  ['host', undefined],
])('the octets of %s', (address, octets) => {
  expect(ipOctets(address)?.toString('hex')).toBe(octets);
});

describe('a cookie', () => {
  const SECRET = hex('e5e973e5a6b2a43f48e7dc849e37bfcf');
  const [NEWER, OLDER] = [hex('445536bcd2513298075a5d379663c962'), hex('dd3bdf9344b678b185a6f5cb60fca715')];
  const V4 = '198.51.100.100';
  const V6 = '2001:db8:220:1:59de:d0f4:8769:82b8';
  const FIRST = '2464c4abcf10c957010000005cf79f111f8130c3eee29480';
  const RENEWED = '2464c4abcf10c957010000005cf7a871d4a564a1442aca77';
  const start = 1_559_731_985;

  // RFC 9018 appendix A, and around it.
  it.each([
    ['of a client without ours is made', '2464c4abcf10c957', V4, start, [SECRET], FIRST, false],
    ['that is young is kept', FIRST, V4, start + 1_800, [SECRET], FIRST, true],
    ['older than half an hour is renewed', FIRST, V4, start + 2_400, [SECRET], RENEWED, true],
    [
      'older than an hour is made anew',
      'fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5',
      '203.0.113.203',
      1_559_734_700,
      [SECRET],
      'fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e',
      false,
    ],
    [
      'under the former secret is renewed under the new one',
      '22681ab97d52c298010000005cf7c57926556bd0934c72f8',
      V6,
      1_559_741_961,
      [NEWER, OLDER],
      '22681ab97d52c298010000005cf7c609a6bb79d16625507a',
      true,
    ],
    [
      'with reserved bits set is believed as it is',
      'fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5',
      '203.0.113.203',
      1_559_728_000,
      [SECRET],
      'fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5',
      true,
    ],
  ])('%s', (_what, sent, address, nowSeconds, secrets, cookie, isValid) => {
    const answer = answerCookie(hex(sent), { address, nowSeconds }, secrets);
    expect({ ...answer, cookie: answer?.cookie.toString('hex') }).toEqual({ cookie, isValid });
  });

  it.each([
    ['older than an hour', FIRST, V4, start + 3_601],
    ['from the future', FIRST, V4, start - 301],
    ['of another address', FIRST, '198.51.100.101', start],
    ['of another client cookie', `33${FIRST.slice(2)}`, V4, start],
    ['of another time', FIRST.replace('5cf79f11', '5cf79f12'), V4, start],
    ['of another length', `${FIRST}00`, V4, start],
  ])('%s proves nothing', (_what, sent, address, nowSeconds) => {
    expect(answerCookie(hex(sent), { address, nowSeconds }, [SECRET])?.isValid).toBe(false);
  });
});
