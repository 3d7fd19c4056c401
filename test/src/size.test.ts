import { describe, expect, test } from 'vitest';
import { parseBytes } from '../../src/size.ts';

describe('parseBytes', () => {
  test.each([
    ['0B', 0],
    ['240B', 240],
    ['64KiB', 65_536],
    ['1MiB', 1_048_576],
    ['2GiB', 2_147_483_648],
    ['10KB', 10_000],
    ['10MB', 10_000_000],
  ])('reads %s', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  test.each(['', '64', 'KiB', '64 KiB', '64kib', '64K', '1.5MiB', '-1B', '1e3B', '9999999999B', '64KiB\n'])(
    'refuses %j',
    (text) => {
      expect(parseBytes(text)).toBeUndefined();
    },
  );
});
