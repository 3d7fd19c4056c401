import { describe, expect, test } from 'vitest';
import { isJsonContent, readJsonBody } from '../../../sidecar/json/json-body.ts';
import { compilePlaces } from '../../../sidecar/json/json-places.ts';

const PLACES = compilePlaces([['id']]);

describe('a body', () => {
  test('gives texts as the bytes that they would be in a header field', () => {
    const expected = Buffer.from('é😀').toString('latin1');
    expect(readJsonBody(Buffer.from('{"id":"é😀"}'), PLACES)).toEqual([expected]);
    expect(readJsonBody(Buffer.from(String.raw`{"id":"\u00e9\ud83d\ude00"}`), PLACES)).toEqual([expected]);
  });

  test('may begin with a byte order mark', () => {
    expect(readJsonBody(Buffer.from('\ufeff{"id":"1"}'), PLACES)).toEqual(['1']);
  });

  test.each<[string, Buffer]>([
    ['latin1', Buffer.from('{"id":"é"}', 'latin1')],
    ['UTF-16', Buffer.from('{"id":"1"}', 'utf16le')],
    ['an overlong form', Buffer.from('{"id":"\xc0\x80"}', 'latin1')],
    ['a surrogate in UTF-8', Buffer.from('{"id":"\xed\xa0\x80"}', 'latin1')],
    ['nothing', Buffer.alloc(0)],
  ])('of %s is none that can be read', (_what, bytes) => {
    expect(readJsonBody(bytes, PLACES)).toBeUndefined();
  });
});

describe('the fields of a body', () => {
  test.each<[string | undefined, string | undefined, boolean]>([
    ['application/json', undefined, true],
    ['Application/JSON', undefined, true],
    ['application/json; charset=utf-8', undefined, true],
    ['application/json;charset="UTF-8" ; v=1', undefined, true],
    ['application/vnd.api+json', undefined, true],
    ['application/merge-patch+json;x=y', 'identity', true],
    ['application/json', '', true],
    [undefined, undefined, false],
    ['', undefined, false],
    ['text/plain', undefined, false],
    ['text/json', undefined, false],
    ['application/jsonp', undefined, false],
    ['application/x-json', undefined, false],
    ['application/json-seq', undefined, false],
    ['xapplication/json', undefined, false],
    ['application/json, application/json', undefined, false],
    ['application/json; charset=latin1', undefined, false],
    ['application/json; charset=utf-16', undefined, false],
    ['application/json; charset=utf-8; charset=utf-7', undefined, false],
    ['application/json', 'gzip', false],
    ['application/json', 'identity, gzip', false],
  ])('Content-Type %j with Content-Encoding %j say JSON: %s', (type, encoding, expected) => {
    expect(isJsonContent(type, encoding)).toBe(expected);
  });
});
