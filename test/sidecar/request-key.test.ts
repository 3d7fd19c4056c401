import { describe, expect, test } from 'vitest';
import { compileInterests } from '../../sidecar/http1/interests.ts';
import { compileRequestKey, keyHeaderNames } from '../../sidecar/request-key.ts';
import type { HashKeyPart } from '../../src/config/cluster.ts';
import { bytes, receiveRequest } from '../support/http-codec.ts';

/** Text as it arrives: UTF-8, one character an octet. */
const arrives = (text: string): string => Buffer.from(text).toString('latin1');

function keyOf(parts: readonly HashKeyPart[], target: string, fields = ''): string | undefined {
  const interests = keyHeaderNames(parts);
  const wire = arrives(`GET ${target} HTTP/1.1\r\nHost: example.org\r\n${fields}\r\n`);
  const { head } = receiveRequest([bytes(wire)], { interests });
  if (head === undefined) throw new Error(`not a request: ${target}`);
  return compileRequestKey(parts, compileInterests(interests))(head, '192.0.2.7');
}

describe('the key of a request', () => {
  test.each<[HashKeyPart, string, string, string | undefined]>([
    [{ header: 'x-user-id' }, '/', 'X-User-Id: 42\r\n', '42'],
    [{ header: 'x-user-id' }, '/', 'X-User-Id:  a b \r\n', 'a b'],
    [{ header: 'x-user-id' }, '/', 'X-User-Id: a\r\nx-user-id: b\r\n', 'a, b'],
    [{ header: 'x-user-id' }, '/', 'X-User-Id: é\r\n', arrives('é')],
    [{ header: 'x-user-id' }, '/', 'X-User-Id:\r\n', undefined],
    [{ header: 'x-user-id' }, '/', '', undefined],
    [{ header: 'x_user_id' }, '/', 'X_User_Id: 42\r\n', '42'],
    [{ cookie: 'uid' }, '/', 'Cookie: uid=42\r\n', '42'],
    [{ cookie: 'uid' }, '/', 'Cookie: a=b;uid = 42 ;c=d\r\n', '42'],
    [{ cookie: 'uid' }, '/', 'Cookie: a=b\r\nX: 1\r\nCookie: uid=42\r\n', '42'],
    [{ cookie: 'uid' }, '/', 'Cookie: uid="42"\r\n', '"42"'],
    [{ cookie: 'uid' }, '/', 'Cookie: uid=1; uid=2\r\n', '1'],
    [{ cookie: 'uid' }, '/', 'Cookie: uid=a=b\r\n', 'a=b'],
    [{ cookie: 'uid' }, '/', 'Cookie: uid=à\r\n', arrives('à')],
    [{ cookie: 'ключ' }, '/', 'Cookie: ключ=1\r\n', '1'],
    [{ cookie: 'uid' }, '/', 'Cookie: uid=\r\n', undefined],
    [{ cookie: 'uid' }, '/', 'Cookie: uid\r\n', undefined],
    [{ cookie: 'uid' }, '/', 'Cookie: UID=42; xuid=1\r\n', undefined],
    [{ cookie: 'uid' }, '/', 'Cookie: ;;=;\r\n', undefined],
    [{ query: 'user' }, '/?user=42', '', '42'],
    [{ query: 'user' }, '/?a=b&user=a+b%2Bc%c3%A9', '', arrives('a b+cé')],
    [{ query: 'user' }, '/?user=1&user=2', '', '1'],
    [{ query: 'user' }, '/?user=%', '', '%'],
    [{ query: 'a b' }, '/?a+b=1', '', '1'],
    [{ query: 'user' }, '/?user=', '', undefined],
    [{ query: 'user' }, '/?user', '', undefined],
    [{ query: 'user' }, '/user=42', '', undefined],
    [{ path: true }, '/users/42?x=1', '', '/users/42'],
    [{ path: true }, '/users/%34%32', '', '/users/%34%32'],
    [{ path: true }, 'http://example.org', '', '/'],
    [{ path_segment: 1 }, '/users/42', '', 'users'],
    [{ path_segment: 2 }, '/users/42?x=/y', '', '42'],
    [{ path_segment: 2 }, '/users/42/more', '', '42'],
    [{ path_segment: 3 }, '/users/42', '', undefined],
    [{ path_segment: 2 }, '/users//42', '', undefined],
    [{ path_segment: 1 }, '/', '', undefined],
    [{ source_ip: true }, '/', 'X-Forwarded-For: 192.0.2.9\r\n', '192.0.2.7'],
  ])('%j of %s with %j is %j', (part, target, fields, expected) => {
    expect(keyOf([part], target, fields)).toBe(expected);
    // The same as one of several.
    expect(keyOf([{ header: 'x-absent' }, part], target, fields)).toBe(expected);
  });

  test('is of the first part that the request carries', () => {
    const parts: readonly HashKeyPart[] = [
      { header: 'x-user-id' },
      { cookie: 'uid' },
      { query: 'u' },
      { source_ip: true },
    ];
    expect(keyOf(parts, '/?u=3', 'X-User-Id: 1\r\nCookie: uid=2\r\n')).toBe('1');
    expect(keyOf(parts, '/?u=3', 'X-User-Id:\r\nCookie: uid=2\r\n')).toBe('2');
    expect(keyOf(parts, '/?u=3', 'Cookie: uid=\r\n')).toBe('3');
    expect(keyOf(parts, '/?u=', '')).toBe('192.0.2.7');
    expect(keyOf(parts.slice(0, 3), '/')).toBeUndefined();
  });

  test('cannot be claimed in the name of a trusted peer', () => {
    expect(keyOf([{ header: 'x-forwarded-for' }], '/', 'X-Forwarded-For: 192.0.2.9\r\n')).toBeUndefined();
  });

  test('needs the fields that it names to be noted', () => {
    expect(keyHeaderNames([{ header: 'a' }, { cookie: 'b' }, { cookie: 'c' }, { path: true }])).toEqual([
      'a',
      'cookie',
      'cookie',
    ]);
    expect(() => compileRequestKey([{ header: 'a' }], compileInterests(['b']))).toThrow('header a is read');
  });
});
