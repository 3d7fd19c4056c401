/** Messages on a stream: each with its length in two octets before it (RFC 1035 section 4.2.2). Pure. */

export interface Frames {
  /** Complete messages without their lengths, in order; views of the input. */
  readonly messages: readonly Buffer[];
  /** What is left: the beginning of a message, and before it whatever was over `maxMessages`. */
  readonly rest: Buffer;
  /** A message announced itself as longer than `maxBytes`; nothing after it was read. */
  readonly oversize: boolean;
}

export interface FrameLimits {
  readonly maxBytes: number;
  readonly maxMessages: number;
}

const EMPTY = Buffer.alloc(0);

/** Takes `rest` of the call before and what has arrived since; both length octets may come in separate segments. */
export function takeFrames(rest: Buffer, chunk: Buffer, { maxBytes, maxMessages }: FrameLimits): Frames {
  const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
  const messages: Buffer[] = [];
  let at = 0;
  while (at + 2 <= bytes.length && messages.length < maxMessages) {
    const length = bytes.readUInt16BE(at);
    if (length > maxBytes) return { messages, rest: EMPTY, oversize: true };
    const end = at + 2 + length;
    if (end > bytes.length) break;
    messages.push(bytes.subarray(at + 2, end));
    at = end;
  }
  // Copied, because a view would keep the whole segment in memory for the sake of a few octets.
  return { messages, rest: at === bytes.length ? EMPTY : Buffer.from(bytes.subarray(at)), oversize: false };
}

/** The messages with their lengths, as one buffer. */
export function joinFrames(messages: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [];
  for (const message of messages) {
    const length = Buffer.allocUnsafe(2);
    length.writeUInt16BE(message.length);
    parts.push(length, message);
  }
  return Buffer.concat(parts);
}
