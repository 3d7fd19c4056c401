import { describe, expect, it } from 'vitest';
import { plainAddress, TrustedProxies } from '../../sidecar/client-address.ts';

describe("a peer's address", () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::1', '::1'],
    ['::ffff:a00:1', '::ffff:a00:1'],
    [undefined, ''],
  ])('%s is %s', (address, plain) => expect(plainAddress(address)).toBe(plain));
});

describe('trusted proxies', () => {
  it.each<[readonly string[], string, boolean]>([
    [[], '10.0.0.1', false],
    [['10.0.0.0/8'], '10.255.255.255', true],
    [['10.0.0.0/8'], '11.0.0.0', false],
    [['10.0.0.0/8'], '', false],
    [['10.0.0.0/8'], 'unknown', false],
    [['10.0.0.0/8'], '2001:db8::1', false],
    [['10.0.0.7'], '10.0.0.7', true],
    [['10.0.0.7'], '10.0.0.8', false],
    [['2001:db8::/32'], '2001:db8:1::1', true],
    [['2001:db8::/32'], '2001:db9::1', false],
    [['0.0.0.0/0'], '203.0.113.7', true],
    [['192.0.2.0/24', '::1'], '::1', true],
  ])('of %j: is %s one of them? %s', (blocks, address, expected) => {
    expect(new TrustedProxies(blocks).has(address)).toBe(expected);
  });
});

describe('the client behind a trusted peer', () => {
  const trusted = new TrustedProxies(['10.0.0.0/8', '2001:db8::/32']);

  it.each([
    // X-Forwarded-For | the client
    ['', '10.0.0.1'],
    ['203.0.113.7', '203.0.113.7'],
    ['6.6.6.6, 203.0.113.7', '203.0.113.7'],
    ['203.0.113.7, 10.1.1.1', '203.0.113.7'],
    ['203.0.113.7,10.1.1.1 , 10.2.2.2', '203.0.113.7'],
    ['10.3.3.3, 10.1.1.1', '10.3.3.3'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7, ::ffff:10.1.1.1', '203.0.113.7'],
    ['2a00::1, 2001:db8::5', '2a00::1'],
    // What is no address ends the chain: who stands before it cannot be known.
    ['203.0.113.7, unknown', '10.0.0.1'],
    ['203.0.113.7, unknown, 10.1.1.1', '10.1.1.1'],
    ['203.0.113.7, 10.1.1.1:4711', '10.0.0.1'],
    ['203.0.113.7,', '10.0.0.1'],
  ])('that says "%s" is %s', (forwardedFor, client) => {
    expect(trusted.clientBehind('10.0.0.1', forwardedFor)).toBe(client);
  });
});
