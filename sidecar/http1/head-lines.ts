/**
 * A head that has not come whole, judged line by line: who speaks no HTTP/1.x (or HTTP/0.9, which ends after one line)
 * would otherwise be waited for until the time is over. Never stricter than what reads the whole head afterwards.
 */
import { fieldCursor, scanField } from './field.ts';
import { mayBeHead } from './head-bytes.ts';
import { isRequestLine } from './request-head.ts';
import { isStatusLine } from './response-head.ts';

const LF = 0x0a;
const VERSION = 'HTTP/1.';

const cursor = fieldCursor();

/** True while `bytes` may become a request head; those before `from` have been judged, and hold no whole head. */
export function mayBeRequestHead(bytes: Buffer, from: number): boolean {
  return mayBeHead(bytes, from) && linesMayPass(bytes, from, isRequestLine);
}

/** The same for a response head, whose first octets are known. */
export function mayBeResponseHead(bytes: Buffer, from: number): boolean {
  const begin = bytes.toString('latin1', 0, VERSION.length);
  return VERSION.startsWith(begin) && mayBeHead(bytes, from) && linesMayPass(bytes, from, isStatusLine);
}

/** Looks at the lines that end behind `from`, and at the first octet of the one that has not ended. */
function linesMayPass(bytes: Buffer, from: number, isStartLine: (line: string) => boolean): boolean {
  let end = bytes.indexOf(LF, from);
  if (end < 0) return from === 0 || bytes[from - 1] !== LF || !isSpace(bytes[from]);
  let start = from === 0 ? 0 : bytes.lastIndexOf(LF, from - 1) + 1;
  while (end >= 0) {
    const line = bytes.toString('latin1', start, end + 1);
    if (!(start === 0 ? isStartLine(line) : scanField(line, 0, cursor))) return false;
    start = end + 1;
    end = bytes.indexOf(LF, start);
  }
  // A folded line, whatever else it will say.
  return !isSpace(bytes[start]);
}

function isSpace(octet: number | undefined): boolean {
  return octet === 0x20 || octet === 0x09;
}
