import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, murmur3, murmur3Seeds, murmur3Words } from '../../src/hash.ts';

/** What SMHasher's own verification computes for `MurmurHash3_x86_32` (its main.cpp, `g_hashes`). */
const SMHASHER_VERIFICATION = 0xb0f57ee3;

const byteString = fc.uint8Array({ maxLength: 64 }).map((bytes) => String.fromCharCode(...bytes));

function bytesOfWords(words: Uint32Array): string {
  return [...words]
    .map((word) => String.fromCharCode(word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24))
    .join('');
}

describe('murmur3', () => {
  test.each([
    ['', 0, 0x00000000],
    ['', 1, 0x514e28b7],
    ['', 0xffffffff, 0x81f16f39],
    ['\0\0\0\0', 0, 0x2362f9de],
    ['\xff\xff\xff\xff', 0, 0x76293b50],
    ['!Ce\x87', 0, 0xf55b516b],
    ['!Ce\x87', 0x5082edee, 0x2362f9de],
    ['!Ce', 0, 0x7e4a8634],
    ['!C', 0, 0xa0f7b07a],
    ['!', 0, 0x72661cf4],
    ['aaaa', 0x9747b28c, 0x5a97808a],
    ['Hello, world!', 0x9747b28c, 0x24884cba],
    ['The quick brown fox jumps over the lazy dog', 0x9747b28c, 0x2fa826cd],
  ])('hashes %j with seed %d as published', (bytes, seed, expected) => {
    expect(murmur3(bytes, seed)).toBe(expected);
  });

  test('passes the verification of SMHasher, which covers every length from 0 to 255', () => {
    const key = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join('');
    const hashes = Uint32Array.from({ length: 256 }, (_, i) => murmur3(key.slice(0, i), 256 - i));
    expect(murmur3(bytesOfWords(hashes))).toBe(SMHASHER_VERIFICATION);
    expect(murmur3Words(hashes)).toBe(SMHASHER_VERIFICATION);
  });

  test('hashes only the low eight bits of a character', () => {
    expect(murmur3('\u0161bcde')).toBe(murmur3('abcde'));
  });

  test('hashes words as it hashes their bytes', () => {
    fc.assert(
      fc.property(fc.uint32Array({ maxLength: 20 }), fc.nat(), (words, seed) => {
        expect(murmur3Words(words, seed)).toBe(murmur3(bytesOfWords(words), seed));
      }),
    );
  });

  test('gives for a run of seeds what it gives for each', () => {
    fc.assert(
      fc.property(byteString, fc.integer({ min: 0, max: 9 }), (bytes, count) => {
        const expected = Array.from({ length: count }, (_, seed) => murmur3(bytes, seed));
        const into = new Uint32Array(count);
        murmur3Seeds(bytes, into);
        expect([...into]).toEqual(expected);
      }),
    );
  });
});

describe('bytesOf', () => {
  test('gives one character per byte of UTF-8', () => {
    expect(bytesOf('é€')).toBe('\xc3\xa9\xe2\x82\xac');
    expect(bytesOf('plain')).toBe('plain');
  });
});
