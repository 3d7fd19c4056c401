import { describe, expect, it } from 'vitest';
import { ClientNetwork } from '../../dns/client-network.ts';
import { clientSubnet } from '../../dns/edns-options.ts';

/** The data of a subnet option: family, bits, scope 0, address. */
function subnetOf(data: string) {
  const replyOptions = Buffer.concat([Buffer.from('00080000', 'hex'), Buffer.from(data.replaceAll(' ', ''), 'hex')]);
  const subnet = clientSubnet(replyOptions.subarray(4), replyOptions.length);
  return { subnet, replyOptions };
}

function hashOf(address: string): number {
  return new ClientNetwork({ subnet: undefined, replyOptions: Buffer.alloc(0) }, address).hash();
}

describe('the network of a client', () => {
  it('is the /24 or /56 of the address that a query came from', () => {
    expect(hashOf('192.0.2.1')).toBe(hashOf('192.0.2.254'));
    expect(hashOf('192.0.2.1')).not.toBe(hashOf('192.0.3.1'));
    expect(hashOf('2001:db8:0:1200::1')).toBe(hashOf('2001:db8:0:12ff:1::'));
    expect(hashOf('2001:db8:0:1200::1')).not.toBe(hashOf('2001:db8:0:1300::1'));
    expect(hashOf('fe80::1%eth0')).toBe(hashOf('fe80::2%eth1'));
    expect(hashOf('')).toBe(hashOf('nobody'));
  });

  it.each([
    ['a /24', '0001 18 00 c00002', '192.0.2.7', 24],
    ['a whole address, cut', '0001 20 00 c0000263', '192.0.2.7', 24],
    ['a /20, as far as it goes', '0001 14 00 c00000', '192.0.0.7', 20],
    ['a /8, as far as it goes', '0001 08 00 0a', '10.0.0.7', 8],
    ['a /56', '0002 38 00 20010db8000012', '2001:db8:0:1200::7', 56],
    ['a whole address of IPv6, cut', `0002 80 00 20010db8000012ff${'00'.repeat(7)}63`, '2001:db8:0:1234::7', 56],
    ['a /32 of IPv6, as far as it goes', '0002 20 00 20010db8', '2001:db8::7', 32],
  ])('is, of a subnet option, %s', (_what, data, same, scope) => {
    const { subnet, replyOptions } = subnetOf(data);
    const network = new ClientNetwork({ subnet, replyOptions }, '203.0.113.9');
    expect(replyOptions[subnet.scopeAt]).toBe(0);
    expect(network.hash()).toBe(hashOf(same));
    expect(replyOptions[subnet.scopeAt]).toBe(scope);
    expect(scope).toBeLessThanOrEqual(subnet.bits);
    // Nothing else of the option was touched.
    replyOptions[subnet.scopeAt] = 0;
    expect(replyOptions.subarray(4).toString('hex')).toBe(data.replaceAll(' ', ''));
  });

  it.each(['0001 00 00', '0002 00 00', '0000 00 00'])(
    'is that of the resolver where the subnet is empty: %s',
    (data) => {
      const { subnet, replyOptions } = subnetOf(data);
      expect(new ClientNetwork({ subnet, replyOptions }, '203.0.113.9').hash()).toBe(hashOf('203.0.113.1'));
      expect(replyOptions[subnet.scopeAt]).toBe(0);
    },
  );
});
