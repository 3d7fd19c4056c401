import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CRC32_START, crc32, crc32Finish, crc32Update, crc32UpdateWord } from '../../src/crc32.ts';

const byteString = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes).toString('latin1'));

describe('crc32', () => {
  test.each([
    ['', 0],
    // The check value of the algorithm's catalogues.
    ['123456789', 0xcbf4_3926],
    ['\xff\xff\xff\xff', 0xffff_ffff],
  ])('of %j is %i', (bytes, expected) => {
    expect(crc32(bytes)).toBe(expected);
  });

  test('is that of zlib', () => {
    fc.assert(fc.property(byteString, (bytes) => crc32(bytes) === zlibCrc32(Buffer.from(bytes, 'latin1'))));
  });

  test('of parts is that of the whole, with a word as its four bytes, the least significant first', () => {
    fc.assert(
      fc.property(byteString, fc.integer({ min: 0, max: 0xffff_ffff }), (bytes, word) => {
        const inSteps = crc32Finish(crc32UpdateWord(crc32Update(CRC32_START, bytes), word));
        const tail = Buffer.alloc(4);
        tail.writeUInt32LE(word);
        expect(inSteps).toBe(crc32(bytes + tail.toString('latin1')));
      }),
    );
  });
});
