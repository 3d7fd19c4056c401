/** SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash of 64 bits that nobody can predict without the key. */

/** A number of 64 bits as two of 32, the low one first: JavaScript's whole numbers end at 53. */
type Word = [low: number, high: number];

interface State {
  readonly v0: Word;
  readonly v1: Word;
  readonly v2: Word;
  readonly v3: Word;
}

/** `key` has 16 octets; the result 8, in the order in which they are sent (little-endian, as RFC 9018 has it). */
export function sipHash24(key: Buffer, message: Buffer): Buffer {
  const k0 = wordAt(key, 0);
  const k1 = wordAt(key, 8);
  // The reference's constants: "somepseudorandomlygeneratedbytes".
  const state: State = {
    v0: [k0[0] ^ 0x70736575, k0[1] ^ 0x736f6d65],
    v1: [k1[0] ^ 0x6e646f6d, k1[1] ^ 0x646f7261],
    v2: [k0[0] ^ 0x6e657261, k0[1] ^ 0x6c796765],
    v3: [k1[0] ^ 0x79746573, k1[1] ^ 0x74656462],
  };
  const whole = message.length - (message.length % 8);
  for (let at = 0; at < whole; at += 8) compress(state, wordAt(message, at));
  const last = Buffer.alloc(8);
  message.copy(last, 0, whole);
  last[7] = message.length & 0xff;
  compress(state, wordAt(last, 0));
  state.v2[0] ^= 0xff;
  for (let round = 0; round < 4; round++) sipRound(state);
  return hashOf(state);
}

function compress(state: State, word: Word): void {
  xor(state.v3, word);
  sipRound(state);
  sipRound(state);
  xor(state.v0, word);
}

function sipRound({ v0, v1, v2, v3 }: State): void {
  add(v0, v1);
  rotate(v1, 13);
  xor(v1, v0);
  swap(v0);
  add(v2, v3);
  rotate(v3, 16);
  xor(v3, v2);
  add(v0, v3);
  rotate(v3, 21);
  xor(v3, v0);
  add(v2, v1);
  rotate(v1, 17);
  xor(v1, v2);
  swap(v2);
}

function add(word: Word, other: Word): void {
  const low = (word[0] >>> 0) + (other[0] >>> 0);
  word[1] = (word[1] + other[1] + (low > 0xffff_ffff ? 1 : 0)) | 0;
  word[0] = low | 0;
}

function xor(word: Word, other: Word): void {
  word[0] ^= other[0];
  word[1] ^= other[1];
}

/** To the left, by less than 32 bits. */
function rotate(word: Word, bits: number): void {
  const [low, high] = word;
  word[0] = (low << bits) | (high >>> (32 - bits));
  word[1] = (high << bits) | (low >>> (32 - bits));
}

/** A rotation by 32 bits. */
function swap(word: Word): void {
  const [low, high] = word;
  word[0] = high;
  word[1] = low;
}

function wordAt(bytes: Buffer, at: number): Word {
  return [bytes.readInt32LE(at), bytes.readInt32LE(at + 4)];
}

function hashOf({ v0, v1, v2, v3 }: State): Buffer {
  const hash = Buffer.allocUnsafe(8);
  hash.writeInt32LE(v0[0] ^ v1[0] ^ v2[0] ^ v3[0], 0);
  hash.writeInt32LE(v0[1] ^ v1[1] ^ v2[1] ^ v3[1], 4);
  return hash;
}
