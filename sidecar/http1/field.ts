/** One header line: name, colon, value, CRLF, as strict as RFC 9112 section 5 allows a recipient to be. */

/** Token characters (RFC 9110 section 5.6.2): 1, and 2 for `_`, which upstreams may read as `-`; 0 for all others. */
const TOKEN = new Uint8Array(256);
for (const c of "!#$%&'*+-.^`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
  TOKEN[c.charCodeAt(0)] = 1;
TOKEN[0x5f] = 2;

/** Field content (RFC 9110 section 5.5): HTAB, SP, visible ASCII and obs-text. No CR, LF, NUL or other control. */
const CONTENT = new Uint8Array(256);
CONTENT[0x09] = 1;
for (let c = 0x20; c < 0x7f; c += 1) CONTENT[c] = 1;
for (let c = 0x80; c <= 0xff; c += 1) CONTENT[c] = 1;

/** Lower case of ASCII letters, every other octet as it is: `^` and `~`, `_` and DEL differ by the same bit as `A` and `a`. */
const LOWER = new Uint8Array(256);
for (let c = 0; c <= 0xff; c += 1) LOWER[c] = c >= 0x41 && c <= 0x5a ? c | 0x20 : c;

/** What {@link scanField} found last; reused, because a fresh object per line would be garbage per line. */
export interface FieldCursor {
  nameEnd: number;
  /** Value without the white space around it. */
  valueStart: number;
  valueEnd: number;
  /** First character of the next line. */
  next: number;
  hasUnderscore: boolean;
}

export function fieldCursor(): FieldCursor {
  return { nameEnd: 0, valueStart: 0, valueEnd: 0, next: 0, hasUnderscore: false };
}

/** End of the token that begins at `start`; `start` itself when there is none. */
export function tokenEnd(text: string, start: number): number {
  let i = start;
  while ((TOKEN[text.charCodeAt(i)] as number) > 0) i += 1;
  return i;
}

/**
 * Reads the line that begins at `start` of a text that ends in CRLF. True when it is a field; folds, space before
 * the colon, empty names, bare CR, bare LF and control bytes make it false.
 * On the hot path: longer than the house's usual function, measured by the data path benchmark.
 */
export function scanField(text: string, start: number, cursor: FieldCursor): boolean {
  let i = start;
  let kinds = 0;
  let kind = TOKEN[text.charCodeAt(i)] as number;
  while (kind > 0) {
    kinds |= kind;
    i += 1;
    kind = TOKEN[text.charCodeAt(i)] as number;
  }
  if (i === start || text.charCodeAt(i) !== 0x3a) return false;
  cursor.nameEnd = i;
  cursor.hasUnderscore = kinds > 1;
  i += 1;
  let c = text.charCodeAt(i);
  while (c === 0x20 || c === 0x09) c = text.charCodeAt(++i);
  cursor.valueStart = i;
  while (CONTENT[c] === 1) c = text.charCodeAt(++i);
  if (c !== 0x0d || text.charCodeAt(i + 1) !== 0x0a) return false;
  cursor.next = i + 2;
  let end = i;
  while (end > cursor.valueStart) {
    c = text.charCodeAt(end - 1);
    if (c !== 0x20 && c !== 0x09) break;
    end -= 1;
  }
  cursor.valueEnd = end;
  return true;
}

/** True when the text at `start` is `lower` in any case. */
export function isNamed(text: string, start: number, lower: string): boolean {
  for (let i = 0; i < lower.length; i += 1) {
    if (LOWER[text.charCodeAt(start + i)] !== lower.charCodeAt(i)) return false;
  }
  return true;
}

/** Whole number of at most 15 digits; -1 for anything else: a sign, a list, hexadecimal, nothing, too large. */
export function parseLength(text: string, start: number, end: number): number {
  if (end <= start || end - start > 15) return -1;
  let value = 0;
  for (let i = start; i < end; i += 1) {
    const digit = text.charCodeAt(i) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** `text` without the lines whose lower-cased names `isDropped` tells. `text` is whole lines, each valid. */
export function dropFields(text: string, isDropped: (lowerName: string) => boolean): string {
  let kept = '';
  for (const line of text.split('\r\n')) {
    if (line === '') continue;
    const name = line.slice(0, line.indexOf(':')).toLowerCase();
    if (!isDropped(name)) kept += `${line}\r\n`;
  }
  return kept;
}
