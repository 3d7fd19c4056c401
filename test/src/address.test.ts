import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatAddress, isHost, isLoopback, parseHostPort, parseListenAddress } from '../../src/address.ts';

const label = (length: number) => 'a'.repeat(length);
const longestName = [label(63), label(63), label(63), label(61)].join('.');

describe('parseHostPort', () => {
  test.each([
    ['10.0.0.7:80', { host: '10.0.0.7', port: 80 }],
    ['[::1]:80', { host: '::1', port: 80 }],
    ['[::ffff:10.0.0.1]:65535', { host: '::ffff:10.0.0.1', port: 65_535 }],
    ['db.internal:5432', { host: 'db.internal', port: 5_432 }],
    ['db.internal.:5432', { host: 'db.internal.', port: 5_432 }],
    ['_http._tcp.web:1', { host: '_http._tcp.web', port: 1 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    [`${longestName}:1`, { host: longestName, port: 1 }],
    [`${longestName}.:1`, { host: `${longestName}.`, port: 1 }],
  ])('reads %s', (text, expected) => {
    expect(parseHostPort(text)).toEqual(expected);
  });

  test.each([
    '',
    ':',
    ':80',
    'host',
    'host:',
    '::1:80',
    '[::1]',
    '[10.0.0.1]:80',
    '[db]:80',
    'a:b:80',
    'host:080',
    'host:+80',
    'host:-1',
    'host:65536',
    'host:1e3',
    'host:80 ',
    ' host:80',
    'ho st:80',
    'host\r\n:80',
    'host:80\n',
    '10.0.0.256:80',
    '10.0.0:80',
    '1234:80',
    '-host:80',
    'host-:80',
    'a..b:80',
    '.a:80',
    `${label(64)}:80`,
    `a${longestName}:80`,
    'unix:/run/x.sock',
    'höst:80',
  ])('refuses %j', (text) => {
    expect(parseHostPort(text)).toBeUndefined();
  });

  test('never takes long over a hostile name', () => {
    const began = performance.now();
    expect(isHost(`${'a-'.repeat(50_000)}!`)).toBe(false);
    expect(isHost(`${'a.'.repeat(50_000)}!`)).toBe(false);
    expect(performance.now() - began).toBeLessThan(200);
  });
});

describe('parseListenAddress', () => {
  test('reads the path of a unix socket', () => {
    expect(parseListenAddress('unix:/run/x.sock')).toEqual({ path: '/run/x.sock' });
    expect(parseListenAddress('[::]:53')).toEqual({ host: '::', port: 53 });
  });

  test.each([
    ['a relative path', 'unix:run/x.sock'],
    ['no path', 'unix:'],
    ['a path longer than sun_path', `unix:/${'x'.repeat(107)}`],
    ['more bytes than sun_path, if fewer characters', `unix:/${'é'.repeat(54)}`],
    ['a NUL, at which the system would cut the path', 'unix:/run/x\0.sock'],
  ])('refuses %s', (_what, text) => {
    expect(parseListenAddress(text)).toBeUndefined();
  });

  test('takes the longest path that fits', () => {
    expect(parseListenAddress(`unix:/${'x'.repeat(106)}`)).toEqual({ path: `/${'x'.repeat(106)}` });
  });
});

describe('formatAddress', () => {
  test('writes what parseListenAddress reads back', () => {
    const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain(), fc.constant('localhost'));
    const socket = fc.stringMatching(/^\/[a-z./]{1,90}$/).map((path) => ({ path }));
    const address = fc.oneof(fc.record({ host, port: fc.integer({ min: 0, max: 65_535 }) }), socket);
    fc.assert(
      fc.property(address, (it) => {
        expect(parseListenAddress(formatAddress(it))).toEqual(it);
      }),
    );
  });
});

describe('isLoopback', () => {
  test.each([
    [{ host: '127.0.0.1', port: 1 }, true],
    [{ host: '127.255.3.4', port: 1 }, true],
    [{ host: '::1', port: 1 }, true],
    [{ host: '0:0:0:0:0:0:0:1', port: 1 }, true],
    [{ host: 'localhost', port: 1 }, true],
    [{ host: 'LocalHost', port: 1 }, true],
    [{ path: '/run/x.sock' }, true],
    [{ host: '0.0.0.0', port: 1 }, false],
    [{ host: '::', port: 1 }, false],
    [{ host: '10.0.0.1', port: 1 }, false],
    [{ host: '128.0.0.1', port: 1 }, false],
    [{ host: '127.example.org', port: 1 }, false],
    [{ host: 'localhost.example.org', port: 1 }, false],
  ])('of %j is %s', (address, expected) => {
    expect(isLoopback(address)).toBe(expected);
  });
});
