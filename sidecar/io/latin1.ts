/** Bytes as text, one character a byte, without the option handling of `Buffer.toString`. */

/** Node's own method, which its types leave out (buffer.js, in every release since 4). */
interface Latin1Bytes {
  latin1Slice(from: number, to: number): string;
}

export function latin1(bytes: Buffer, from: number, to: number): string {
  return (bytes as unknown as Latin1Bytes).latin1Slice(from, to);
}
