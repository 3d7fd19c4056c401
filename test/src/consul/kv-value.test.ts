import { describe, expect, it } from 'vitest';
import type { ConsulAnswer } from '../../../src/consul/answer.ts';
import { kvPath, MAX_VALUE_BYTES, readKvAnswer, sameKvValue } from '../../../src/consul/kv-value.ts';

function answer(
  status: number,
  body: unknown,
  headers: Record<string, string> = { 'x-consul-index': '7' },
): ConsulAnswer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, header: (name) => headers[name], body: Buffer.from(text) };
}

const entry = (value: unknown): unknown => [{ Key: 'a', Value: value, ModifyIndex: 7 }];
const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64');

describe('an answer of the key-value store', () => {
  it.each([
    ['a value', answer(200, entry(base64('{"a":1}'))), { kind: 'present', text: '{"a":1}' }],
    ['an empty value', answer(200, entry(null)), { kind: 'present', text: '' }],
    ['no such key', answer(404, ''), { kind: 'absent' }],
    ['bytes that are no text', answer(200, entry(base64(Buffer.from([0xff])))), { kind: 'present', text: undefined }],
    ['too much', answer(200, entry(base64('x'.repeat(MAX_VALUE_BYTES + 8)))), { kind: 'present', text: undefined }],
  ])('%s', (_, given, value) => {
    expect(readKvAnswer(given)).toEqual({ kind: 'value', value });
  });

  it.each([
    ['a 404 of somebody else', answer(404, 'not found', {}), 'consul answered 404: not found'],
    ['a refusal', answer(403, 'Permission denied'), 'consul answered 403: Permission denied'],
    ['no leader', answer(500, 'No cluster leader'), 'consul answered 500: No cluster leader'],
    [
      'a stale server',
      answer(404, '', { 'x-consul-index': '7', 'x-consul-knownleader': 'false' }),
      'consul knows no leader',
    ],
    ['broken JSON', answer(200, '[{'), 'malformed JSON'],
    ['a list of keys', answer(200, [{ Value: '' }, { Value: '' }]), 'something else than one entry'],
    ['null', answer(200, 'null'), 'something else than one entry'],
    ['no value', answer(200, [{ Key: 'a' }]), 'an entry without a value'],
    ['a number', answer(200, entry(5)), 'an entry without a value'],
  ])('%s is a failure, never an absence', (_, given, message) => {
    const reading = readKvAnswer(given);
    expect(reading.kind === 'failed' && reading.error.message).toContain(message);
  });

  it('is asked for with the key as it is written, its slashes kept', () => {
    expect(kvPath({ key: 'outrigger/a b/ü?', datacenter: undefined }, 5n, 60_000)).toBe(
      '/v1/kv/outrigger/a%20b/%C3%BC%3F?index=5&wait=60s&stale',
    );
    expect(kvPath({ key: 'a', datacenter: 'dc2' }, 0n, 1_000)).toBe('/v1/kv/a?index=0&wait=1s&stale&dc=dc2');
  });

  it('is the same where the text is', () => {
    const present = (text: string | undefined) => ({ kind: 'present', text }) as const;
    expect(sameKvValue(present('a'), present('a'))).toBe(true);
    expect(sameKvValue(present('a'), present('b'))).toBe(false);
    expect(sameKvValue(present(''), { kind: 'absent' })).toBe(false);
    expect(sameKvValue({ kind: 'absent' }, { kind: 'absent' })).toBe(true);
  });
});
