import { expect, it } from 'vitest';
import { refusedAddress } from '../../src/refused-address.ts';

it.each([
  ['10.0.0.1', undefined],
  ['127.0.0.1', undefined],
  ['169.253.255.255', undefined],
  ['2001:db8::1', undefined],
  ['fd00::1', undefined],
  ['web-1.example.org', undefined],
  ['0.0.0.0', 'unspecified'],
  ['0.1.2.3', 'unspecified'],
  ['::', 'unspecified'],
  ['::ffff:0.0.0.0', 'unspecified'],
  ['169.254.169.254', 'link-local'],
  ['::ffff:169.254.169.254', 'link-local'],
  ['fe80::1', 'link-local'],
  ['fe80::1%eth0', 'link-local'],
  ['224.0.0.1', 'multicast'],
  ['239.255.255.255', 'multicast'],
  ['ff02::1', 'multicast'],
  ['255.255.255.255', 'broadcast'],
  ['0xa9fea9fe', 'not a plain name'],
  ['0x7f.1', 'not a plain name'],
  ['example.0x10', 'not a plain name'],
  ['host.7', 'not a plain name'],
])('%s is refused as %s', (host, expected) => {
  expect(refusedAddress(host)).toBe(expected);
});
