import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileBearerClaim } from '../../sidecar/bearer-claim.ts';

const part = (json: string | Buffer): string => Buffer.from(json).toString('base64url');
const HEAD = part('{"alg":"HS256","typ":"JWT"}');
const jwt = (payload: string): string => `${HEAD}.${part(payload)}.c2lnbmF0dXJl`;
const subOf = compileBearerClaim('sub');

describe('a claim of a bearer token', () => {
  test.each<[string, string, string]>([
    ['a text', '{"sub":"user-42"}', 'user-42'],
    ['a number, as it stands', '{"iss":"x","sub":9007199254740993}', '9007199254740993'],
    ['a text in UTF-8', '{"sub":"é"}', Buffer.from('é').toString('latin1')],
  ])('is %s', (_what, payload, expected) => {
    expect(subOf(`Bearer ${jwt(payload)}`)).toBe(expected);
  });

  test('is read whatever the case of the scheme and however many spaces follow', () => {
    for (const scheme of ['bearer ', 'BEARER ', 'Bearer   ']) expect(subOf(scheme + jwt('{"sub":"1"}'))).toBe('1');
  });

  test('may have any name, also one that is a path or that every object has', () => {
    const payload = '{"https://example.org/tenant":"t1","__proto__":"p","sub":"s"}';
    expect(compileBearerClaim('https://example.org/tenant')(`Bearer ${jwt(payload)}`)).toBe('t1');
    expect(compileBearerClaim('__proto__')(`Bearer ${jwt(payload)}`)).toBe('p');
    expect(compileBearerClaim('constructor')(`Bearer ${jwt(payload)}`)).toBeUndefined();
  });

  test('does not depend on the signature, which nobody has verified', () => {
    expect(subOf(`Bearer ${HEAD}.${part('{"sub":"1"}')}.`)).toBe('1');
  });

  const good = jwt('{"sub":"1"}');
  test.each<[string, string | undefined]>([
    ['no field', undefined],
    ['another scheme', `Basic ${good}`],
    ['no scheme', good],
    ['a scheme alone', 'Bearer '],
    ['two tokens', `Bearer ${good}, Bearer ${good}`],
    ['two parts', `Bearer ${HEAD}.${part('{"sub":"1"}')}`],
    ['five parts, as encrypted ones have', `Bearer ${good}.x.y`],
    ['padding', `Bearer ${HEAD}.${part('{"sub":"1"}')}=.c2ln`],
    ['the other alphabet', `Bearer ${HEAD}.${part('{"sub":"1"}')}.+/+/`],
    ['an impossible length', `Bearer ${HEAD}.${part('{"sub":"1"}')}.abcde`],
    ['bits behind the last byte', `Bearer ${HEAD}.${part('{"sub":"1"}').replace(/0$/, '1')}.c2ln`],
    ['a payload that is no JSON', `Bearer ${jwt('sub=1')}`],
    ['a payload that is not UTF-8', `Bearer ${HEAD}.${part(Buffer.from('{"sub":"\xff"}', 'latin1'))}.c2ln`],
    ['a payload that is a list', `Bearer ${jwt('["sub"]')}`],
    ['no such claim', `Bearer ${jwt('{"iss":"x"}')}`],
    ['a claim of nothing', `Bearer ${jwt('{"sub":""}')}`],
    ['a claim of null', `Bearer ${jwt('{"sub":null}')}`],
    ['a claim that is a list', `Bearer ${jwt('{"sub":["1"]}')}`],
    ['a claim given twice', `Bearer ${jwt('{"sub":"1","sub":"2"}')}`],
    ['a claim further down', `Bearer ${jwt('{"act":{"sub":"1"}}')}`],
    ['more than 16 KiB', `Bearer ${jwt(`{"sub":"1","x":"${'x'.repeat(16_384)}"}`)}`],
  ])('is absent with %s', (_what, field) => {
    expect(subOf(field)).toBeUndefined();
  });

  test('of those cases, the one with bits behind the last byte differs in nothing else', () => {
    const [with0, with1] = [part('{"sub":"1"}'), part('{"sub":"1"}').replace(/0$/, '1')];
    expect(with1).not.toBe(with0);
    expect(Buffer.from(with1, 'base64url')).toEqual(Buffer.from(with0, 'base64url'));
  });

  test('never throws, whatever the field', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(200), (text, at) => {
        subOf(`Bearer ${text}`);
        subOf(`Bearer ${good.slice(0, at)}${text}${good.slice(at)}`);
      }),
    );
  });
});
