import { describe, expect, test } from 'vitest';
import { compileInterests, type Interests } from '../../../sidecar/http1/interests.ts';
import { RequestHead, readRequestHead } from '../../../sidecar/http1/request-head.ts';
import { compileBodyText } from '../../../sidecar/json/body-texts.ts';
import { compileJsonInterests, type JsonInterests } from '../../../sidecar/json/json-interests.ts';
import { bytes } from '../../support/http-codec.ts';

const JSON_INTERESTS = compileJsonInterests(['/id', '/tier', '/id'], 100) as JsonInterests;
const INTERESTS = compileInterests([], JSON_INTERESTS);
const id = compileBodyText('/id', INTERESTS);
const tier = compileBodyText('/tier', INTERESTS);

function headOf(fields: string, head = new RequestHead(), interests: Interests = INTERESTS): RequestHead {
  const wire = `POST / HTTP/1.1\r\nHost: example.org\r\n${fields}\r\n`;
  expect(readRequestHead(wire, head, interests, false, { maxHeaders: 100 })).toBe('ok');
  return head;
}

const JSON_TYPE = 'Content-Type: application/json\r\n';

describe('a text in the body of a request', () => {
  test('is not there with the head, and makes the body wanted; with the body it is', () => {
    const head = headOf(`${JSON_TYPE}Content-Length: 20\r\n`);
    expect(head.body.isWanted).toBe(false);
    expect(id(head)).toBeUndefined();
    expect([head.body.isWanted, head.body.isRead]).toEqual([true, false]);
    head.body.read(bytes('{"id":42,"tier":"x"}'), JSON_INTERESTS);
    expect([head.body.isWanted, head.body.isRead]).toEqual([false, true]);
    expect([id(head), tier(head)]).toEqual(['42', 'x']);
  });

  test('of one request is not that of the next on the same connection', () => {
    const head = headOf(`${JSON_TYPE}Content-Length: 9\r\n`);
    head.body.read(bytes('{"id":42}'), JSON_INTERESTS);
    headOf(`${JSON_TYPE}Content-Length: 9\r\n`, head);
    expect([id(head), head.body.isRead]).toEqual([undefined, false]);
  });

  test.each<[string, string]>([
    ['no body', JSON_TYPE],
    ['an empty body', `${JSON_TYPE}Content-Length: 0\r\n`],
    ['a body over the bound', `${JSON_TYPE}Content-Length: 101\r\n`],
    ['a body of something else', 'Content-Type: text/plain\r\nContent-Length: 9\r\n'],
    ['a body of unknown type', 'Content-Length: 9\r\n'],
    ['a compressed body', `${JSON_TYPE}Content-Encoding: gzip\r\nContent-Length: 9\r\n`],
  ])('is absent, and nothing is waited for, with %s', (_what, fields) => {
    const head = headOf(fields);
    expect([id(head), head.body.isWanted, head.body.isRead]).toEqual([undefined, false, false]);
  });

  test.each<[string, string]>([
    ['of the largest size', `${JSON_TYPE}Content-Length: 100\r\n`],
    ['in chunks', `${JSON_TYPE}Transfer-Encoding: chunked\r\n`],
  ])('is waited for in a body %s', (_what, fields) => {
    const head = headOf(fields);
    id(head);
    expect(head.body.isWanted).toBe(true);
  });

  test.each<[string, (head: RequestHead) => void]>([
    ['turns out too large', (head) => head.body.giveUp()],
    ['is no JSON', (head) => head.body.read(bytes('{"id":42'), JSON_INTERESTS)],
  ])('is absent for good where the body %s', (_what, end) => {
    const head = headOf(`${JSON_TYPE}Transfer-Encoding: chunked\r\n`);
    id(head);
    end(head);
    expect([id(head), head.body.isWanted, head.body.isRead]).toEqual([undefined, false, false]);
  });

  test('cannot be asked for where the listener does not read it', () => {
    expect(() => compileBodyText('/other', INTERESTS)).toThrow('JSON pointer /other is read but was not asked for');
    expect(() => compileBodyText('/id', compileInterests([]))).toThrow('JSON pointer /id');
  });

  test('needs no look at a body where nobody asks for any', () => {
    expect(compileJsonInterests([], 100)).toBeUndefined();
    expect(compileInterests(['x-a']).count).toBe(1);
    expect(INTERESTS.count).toBe(2);
  });
});
