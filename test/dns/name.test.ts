import { describe, expect, it } from 'vitest';
import { absoluteName, nameKey, nameText, parentKey, questionKey, suffixOffsets } from '../../dns/name.ts';
import { query, wireName } from '../support/dns-message.ts';

describe('the key of a name', () => {
  it('is the same from the configuration and from a question in any case', () => {
    const bytes = query('wWw.Lb.TEST');
    expect(questionKey(bytes, 12 + wireName('www.lb.test').length)).toBe(nameKey('www.LB.test'));
  });

  it('leads to its parents and ends at the root', () => {
    const key = nameKey('www.lb.test');
    expect(nameText(parentKey(key)!)).toBe('lb.test');
    expect(parentKey(parentKey(parentKey(key)!)!)).toBe('');
    expect(parentKey(nameKey(''))).toBeUndefined();
  });

  it('tells a dot inside a label from one between labels', () => {
    const bytes = query('', 'A', { rawName: Buffer.from('\x06www.lb\x04test\x00', 'latin1') });
    expect(questionKey(bytes, 12 + 13)).not.toBe(nameKey('www.lb.test'));
  });
});

describe('a name in a zone', () => {
  it.each([
    ['www', 'www.lb.test'],
    ['A.b', 'a.b.lb.test'],
    ['_sip._udp', '_sip._udp.lb.test'],
    ['@', 'lb.test'],
    ['*', '*.lb.test'],
    ['*.wild', '*.wild.lb.test'],
    ['a.*.wild', 'a.*.wild.lb.test'],
    ['**', undefined],
    ['*a', undefined],
    ['a..b', undefined],
    ['', undefined],
    ['a b', undefined],
    ['x'.repeat(64), undefined],
    [Array.from({ length: 4 }, () => 'x'.repeat(60)).join('.'), 'fits'],
    [Array.from({ length: 4 }, () => 'x'.repeat(62)).join('.'), undefined],
  ])('%s is %s', (relative, expected) => {
    const name = absoluteName(relative, 'lb.test');
    expect(expected === 'fits' ? name?.length : name).toBe(expected === 'fits' ? 251 : expected);
  });

  it('begins, with each of its ancestors, where a compressed name may point', () => {
    expect([...suffixOffsets('www.lb.test', 12)]).toEqual([
      ['www.lb.test', 12],
      ['lb.test', 16],
      ['test', 19],
    ]);
  });
});
