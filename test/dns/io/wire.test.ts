import { describe, expect, it } from 'vitest';
import { encodeRecord } from '../../../dns/io/wire.ts';
import type { RecordData } from '../../../dns/record.ts';

const KNOWN = new Map([
  ['www.lb.test', 12],
  ['lb.test', 16],
  ['test', 19],
]);

function hex(data: RecordData): string {
  return encodeRecord({ name: 'www.lb.test', ttl: 60, data }, KNOWN).toString('hex');
}

describe('a record', () => {
  it.each<[string, RecordData, string]>([
    ['NS inside', { type: 2, host: 'ns1.lb.test' }, 'c00c 0002 0001 0000003c 0006 036e7331 c010'],
    ['NS outside', { type: 2, host: 'ns.example' }, 'c00c 0002 0001 0000003c 000c 026e73 076578616d706c65 00'],
    ['HINFO', { type: 13, cpu: 'RFC8482', os: '' }, 'c00c 000d 0001 0000003c 0009 07524643383438 3200'],
  ])('%s points at the question and at nothing else', (_type, data, expected) => {
    expect(hex(data)).toBe(expected.replaceAll(' ', ''));
  });

  it('never points at a name inside itself, whose place in the message it cannot know', () => {
    const times = { serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 };
    const soa = hex({ type: 6, mname: 'a.example', rname: 'b.a.example', ...times });
    expect(soa).toContain('01610765 78616d706c6500'.replaceAll(' ', ''));
    expect(soa).toContain('0162 0161 076578616d706c65 00'.replaceAll(' ', ''));
  });
});
