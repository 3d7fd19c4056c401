import { expect, test } from 'vitest';
import { isAddressHost, isCrossOrigin } from '../../src/same-machine-guard.ts';

test.each([
  ['127.0.0.1', true],
  ['127.0.0.1:15000', true],
  ['10.1.2.3:80', true],
  ['[::1]', true],
  ['[::1]:15000', true],
  ['localhost', true],
  ['LOCALHOST:15000', true],
  ['rebound.example.com', false],
  ['rebound.example.com:15000', false],
  ['localhost.example.com', false],
  ['127.0.0.1.example.com', false],
  ['::1', false],
  ['[127.0.0.1]', false],
  ['127.0.0.1:', false],
  ['', false],
])('host %j names an address: %s', (host, expected) => {
  expect(isAddressHost(host)).toBe(expected);
});

test.each([
  ['a program, which sends no origin', undefined, '127.0.0.1:15000', false],
  ['our own page', 'http://127.0.0.1:15000', '127.0.0.1:15000', false],
  ['a page from elsewhere', 'https://example.com', '127.0.0.1:15000', true],
  ['a page of another port', 'http://127.0.0.1:3000', '127.0.0.1:15000', true],
  ['a page without an origin of its own', 'null', '127.0.0.1:15000', true],
])('%s', (_who, origin, host, expected) => {
  expect(isCrossOrigin(origin, host)).toBe(expected);
});
