import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type NameKey, nameKey, parentKey } from '../../dns/name.ts';
import { NameTable } from '../../dns/name-table.ts';
import { query } from '../support/dns-message.ts';

function tableOf(names: readonly string[]): NameTable<{ readonly key: NameKey }> {
  const table = new NameTable<{ readonly key: NameKey }>();
  for (const name of new Set(names)) table.add({ key: nameKey(name) });
  return table;
}

/** A query for `key`, as far as it matters: a header and the name. */
function asking(key: string): Buffer {
  return Buffer.concat([Buffer.alloc(12), Buffer.from(`${key}\0`, 'latin1')]);
}

const label = fc.stringMatching(/^[a-c0_*-]{1,3}$/);
const name = fc.array(label, { minLength: 1, maxLength: 6 }).map((labels) => labels.join('.'));

describe('a table of names', () => {
  it('has what was put into it and nothing else, however much that is', () => {
    const names = Array.from({ length: 5_000 }, (_, i) => `n${i}.zone${i % 7}.test`);
    const table = tableOf(names);
    for (const it of names) expect(table.get(nameKey(it))?.key).toBe(nameKey(it));
    for (const it of ['', 'test', 'n5000.zone2.test', 'n0.zone1.test']) expect(table.get(nameKey(it))).toBeUndefined();
  });

  it('finds the longest name that is the one in a question or above it', () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 30 }), name, (names, asked) => {
        const table = tableOf(names);
        const known = new Set(names.map(nameKey));
        let expected: NameKey | undefined = nameKey(asked);
        while (expected !== undefined && !known.has(expected)) expected = parentKey(expected);
        const bytes = asking(nameKey(asked));
        expect(table.closest(bytes, bytes.length)?.key).toBe(expected);
      }),
    );
  });

  it('takes letters of either case for equal, and no other octets', () => {
    const table = tableOf(['www.lb.test', '_a-z0.lb.test']);
    const found = (asked: string): string | undefined => {
      const bytes = query(asked);
      return table.closest(bytes, bytes.indexOf(0, 12) + 1)?.key;
    };
    expect(found('wWw.LB.tEST')).toBe(nameKey('www.lb.test'));
    expect(found('_A-Z0.lb.test')).toBe(nameKey('_a-z0.lb.test'));
    // 0x20 apart, as letters of two cases are.
    for (const asked of ['\x7fa-z0.lb.test', '_a\rz0.lb.test', '_a-z\x10.lb.test'])
      expect(found(asked)).toBeUndefined();
  });

  it('does not take a part of a label for a name', () => {
    const bytes = asking('\x05a\x03www\x04test');
    expect(tableOf(['www.test']).closest(bytes, bytes.length)).toBeUndefined();
    expect(tableOf(['test']).closest(bytes, bytes.length)?.key).toBe(nameKey('test'));
  });

  it('finds the name above 126 labels, and the root', () => {
    const bytes = asking(nameKey(`${'a.'.repeat(125)}b`));
    expect(tableOf(['b', 'a']).closest(bytes, bytes.length)?.key).toBe(nameKey('b'));
    expect(tableOf(['']).closest(bytes, bytes.length)?.key).toBe('');
    const root = asking('');
    expect(tableOf(['']).closest(root, root.length)?.key).toBe('');
    expect(tableOf(['a']).closest(root, root.length)).toBeUndefined();
  });
});
