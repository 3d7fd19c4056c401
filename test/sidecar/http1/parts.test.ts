import { describe, expect, test } from 'vitest';
import { mayBecome, parseConnectionOptions } from '../../../sidecar/http1/connection-options.ts';
import { isNamed, parseLength } from '../../../sidecar/http1/field.ts';
import { hostName, isValidHost } from '../../../sidecar/http1/host.ts';
import { compileInterests } from '../../../sidecar/http1/interests.ts';

describe('a Host value', () => {
  test.each([
    ['example.org', 'example.org'],
    ['EXAMPLE.Org:8080', 'example.org'],
    ['example.org.', 'example.org'],
    ['example.org.:80', 'example.org'],
    ['a_b-c~d', 'a_b-c~d'],
    ['example.org:65535', 'example.org'],
    ['192.0.2.1:80', '192.0.2.1'],
    ['[2001:DB8::1]', '[2001:db8::1]'],
    ['[::1]:8080', '[::1]'],
    ['[::ffff:192.0.2.1]', '[::ffff:192.0.2.1]'],
    ['a'.repeat(253), 'a'.repeat(253)],
  ])('%s is valid, and names %s', (value, name) => {
    // Twice, because the last valid one is remembered.
    expect([isValidHost(value), isValidHost(value)]).toEqual([true, true]);
    expect(hostName(value)).toBe(name);
  });

  test.each([
    '',
    ' ',
    'a b',
    'a,b',
    'a, b',
    'user@a',
    'a/b',
    'a\\b',
    'a?b',
    'a#b',
    'a%41',
    'a:b',
    'a:80:80',
    'a:-1',
    'a:+1',
    'a: 80',
    'a:65536',
    'a:99999',
    'a:123456',
    ':80',
    'example.org:',
    '[::1',
    '::1',
    '[]',
    '[::1]x',
    '[::1]:x',
    '[1.2.3.4]',
    '[::1%25eth0]',
    '[v1.a]',
    'caf\xe9',
    'a\tb',
    'a\x00',
    '[::1]]',
    '[[::1]]',
    '"a"',
    'a;b',
    "a'b",
    'a'.repeat(254),
    'a\n',
  ])('%j is not valid', (value) => {
    expect(isValidHost('example.org')).toBe(true);
    expect(isValidHost(value)).toBe(false);
  });
});

describe('a length', () => {
  test.each([
    ['0', 0],
    ['007', 7],
    ['999999999999999', 999_999_999_999_999],
    ['1000000000000000', -1],
    ['', -1],
    ['-1', -1],
    ['+1', -1],
    ['1 ', -1],
    ['1.0', -1],
    ['１', -1],
  ])('%j is %i', (text, expected) => {
    expect(parseLength(`x${text}y`, 1, 1 + text.length)).toBe(expected);
  });

  test('beyond the end of the text is none', () => {
    expect(parseLength('12', 0, 5)).toBe(-1);
  });
});

describe('a name', () => {
  test.each([
    ['Content-Length', 'content-length', true],
    ['CONTENT_LENGTH', 'content-length', false],
    ['content\rlength', 'content-length', false],
    ['x^', 'x~', false],
    ['x_y', 'x_y', true],
    ['X', 'x-', false],
  ])('%j is %j: %s', (text, lower, expected) => {
    expect(isNamed(`: ${text}`, 2, lower)).toBe(expected);
  });
});

describe('connection options', () => {
  test.each([
    ['', [], ''],
    ['close', [], 'close'],
    ['Keep-Alive', [], 'keepAlive'],
    [' a ,,\tB\t, close', ['a', 'b'], 'close'],
    ['host, content-length, transfer-encoding, x-forwarded-for, via, x-request-id, te, trailer', [], ''],
    ['closed, upgrade', ['closed'], 'upgrade'],
    ['a\xa0', ['a\xa0'], ''],
  ])('%j', (value, nominated, said) => {
    expect(parseConnectionOptions(value)).toEqual({
      close: said === 'close',
      keepAlive: said === 'keepAlive',
      upgrade: said === 'upgrade',
      nominated,
    });
  });

  test.each([
    ['websocket', true],
    ['IRC/6.9', true],
    ['h2c', false],
    ['h2', false],
    ['HTTP/2.0', false],
    ['http', false],
    ['', false],
    ['a,b', false],
  ])('a connection may become %j: %s', (protocol, expected) => {
    expect(mayBecome(protocol)).toBe(expected);
  });
});

describe('interests', () => {
  test('have a slot for each name, once', () => {
    const interests = compileInterests(['cookie', 'x-a', 'cookie', 'x-b']);
    expect(interests.count).toBe(3);
    expect(['cookie', 'x-a', 'x-b', 'x-c'].map((name) => interests.slotOf(name))).toEqual([0, 1, 2, undefined]);
    expect(interests.byLength[3]?.map(({ name, separator }) => [name, separator])).toEqual([
      ['x-a', ', '],
      ['x-b', ', '],
    ]);
    expect(interests.byLength[6]?.map(({ separator }) => separator)).toEqual(['; ']);
  });
});
