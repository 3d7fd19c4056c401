import { expect, it } from 'vitest';
import { parseConfigBytes } from '../../../src/io/load-config.ts';

const OCTETS: readonly (readonly [what: string, bytes: Buffer, line: number, column: number])[] = [
  ['at the beginning', Buffer.from([0xff, 0x61]), 1, 1],
  ['in a line', Buffer.concat([Buffer.from('a: b\nc: größe'), Buffer.from([0xe4, 0x0a])]), 2, 9],
  [
    'behind many lines',
    Buffer.concat([Buffer.from('a: b\n'.repeat(5_000)), Buffer.from([0x61, 0xc3, 0x28])]),
    5_001,
    2,
  ],
  [
    'a character that is cut off by the end',
    Buffer.concat([Buffer.from('a: b\nc: '), Buffer.from([0xe2, 0x82])]),
    2,
    4,
  ],
  ['a text of 16 bits', Buffer.from('\ufeffa: b\n', 'utf16le'), 1, 1],
];

it.each(OCTETS)('an octet that is no UTF-8 is found where it is: %s', (_what, bytes, line, column) => {
  const parsed = parseConfigBytes(bytes, { file: 'f', env: {} });
  expect(parsed).toEqual({ ok: false, problems: [{ line, column, path: '', message: 'is not UTF-8 text' }] });
});
