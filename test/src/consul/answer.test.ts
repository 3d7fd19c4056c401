import { describe, expect, it } from 'vitest';
import { readAnswer } from '../../../src/consul/answer.ts';
import { healthEntry } from '../../support/fake-consul.ts';

const ONE = JSON.stringify([healthEntry('web-1')]);
const CLUSTER = { portOptional: false };

function read(body: string, { status = 200, headers = {} as Record<string, string> } = {}) {
  return readAnswer({ status, header: (name) => headers[name], body: Buffer.from(body) }, CLUSTER);
}

function failure(...given: Parameters<typeof read>): string {
  const update = read(...given);
  if (update.kind !== 'failed') throw new Error(`expected a failure and got ${update.kind}`);
  return update.error.message;
}

describe('an answer that is no answer', () => {
  it.each([
    [500, 'No cluster leader', 'consul answered 500: No cluster leader'],
    [403, 'Permission denied', 'consul answered 403: Permission denied'],
    [
      429,
      'Your IP is issuing too many concurrent connections',
      'consul answered 429: Your IP is issuing too many concurrent connections',
    ],
    [404, '', 'consul answered 404'],
    [302, '', 'consul answered 302'],
    [204, '', 'consul answered 204'],
    [502, '<html><body>Bad Gateway</body></html>', 'consul answered 502'],
    [500, 'a\r\nb\u0000c', 'consul answered 500: a b c'],
    [500, 'x'.repeat(5_000), `consul answered 500: ${'x'.repeat(120)}…`],
  ])('of status %i with body %j', (status, body, message) => {
    expect(failure(body, { status })).toBe(message);
  });

  it.each([
    ['HTML', '<html></html>', 'consul answered with malformed JSON'],
    ['nothing', '', 'consul answered with malformed JSON'],
    ['half of it', ONE.slice(0, 40), 'consul answered with malformed JSON'],
    ['null', 'null', 'consul answered with something else: expected a list of entries and found null'],
    ['a mapping', '{}', 'consul answered with something else: expected a list of entries and found an object'],
  ])('of status 200 with %s', (_what, body, message) => {
    expect(failure(body)).toBe(message);
  });

  it.each([
    ['an encoding that was not asked for', 'content-encoding', 'gzip', /encoding gzip/],
    ['no leader', 'x-consul-knownleader', 'false', /no leader/],
    ['a leader lost long ago', 'x-consul-lastcontact', '10001', /leader 10s ago/],
    ['a malformed age', 'x-consul-lastcontact', '-1', /malformed X-Consul-LastContact/],
  ])('with %s', (_what, name, value, message) => {
    expect(failure(ONE, { headers: { [name]: value } })).toMatch(message);
  });

  it('with an empty list because the token may see nothing', () => {
    const headers = { 'x-consul-results-filtered-by-acls': 'true' };
    expect(failure('[]', { headers })).toBe('the ACL token may not see any instance');
  });
});

describe('an answer', () => {
  it('with entries gives endpoints', () => {
    const headers = { 'x-consul-knownleader': 'true', 'x-consul-lastcontact': '10000', 'content-encoding': 'identity' };
    expect(read(ONE, { headers })).toMatchObject({
      kind: 'endpoints',
      endpoints: [{ id: 'node-1/web-1' }],
      skipped: [],
    });
  });

  it('with an empty list gives an empty set', () => {
    expect(read('[]')).toEqual({ kind: 'endpoints', endpoints: [], skipped: [] });
  });

  it('that was filtered says so', () => {
    const headers = { 'x-consul-results-filtered-by-acls': 'true' };
    expect(read(ONE, { headers })).toMatchObject({ skipped: ['instances that the ACL token may not see'] });
  });
});
