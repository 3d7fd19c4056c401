import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keepPiece } from '../../sidecar/kept-pieces.ts';

describe('kept pieces', () => {
  test('are what was kept, and what was given away stays as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 3_000 }), { maxLength: 20 }), (all) => {
        const pieces: Buffer[] = [];
        const given: [piece: Buffer, text: string][] = [];
        for (const bytes of all) {
          // What is read into is read into again.
          const shared = Buffer.from(bytes);
          keepPiece(pieces, shared);
          shared.fill(0);
          for (const piece of pieces) given.push([piece, piece.toString('latin1')]);
        }
        expect(Buffer.concat(pieces).equals(Buffer.concat(all))).toBe(true);
        for (const [piece, text] of given) expect(piece.toString('latin1')).toBe(text);
      }),
    );
  });

  test('are few for many octets', () => {
    const pieces: Buffer[] = [];
    for (let i = 0; i < 65_536; i += 1) keepPiece(pieces, Buffer.of(i & 0xff));
    expect(pieces.length).toBeLessThan(20);
    expect(pieces.reduce((sum, { length }) => sum + length, 0)).toBe(65_536);
  });

  test('of any size are copied once', () => {
    const pieces: Buffer[] = [];
    for (const size of [10_000, 20_000, 30_000]) keepPiece(pieces, Buffer.alloc(size, 'x'));
    expect(pieces.map(({ length }) => length)).toEqual([10_000, 20_000, 30_000]);
  });
});
