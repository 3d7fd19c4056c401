/** The `Date` of answers that are made here, or that came without one. */

const NEVER = Number.NEGATIVE_INFINITY;
let untilMs = NEVER;
let fromMs = NEVER;
let line = '';

/** The whole line, in the form of RFC 9110 section 5.6.7; written once a second. */
export function dateLine(nowMs = Date.now()): string {
  if (nowMs >= untilMs || nowMs < fromMs) {
    fromMs = nowMs - (nowMs % 1_000);
    untilMs = fromMs + 1_000;
    line = `date: ${new Date(fromMs).toUTCString()}\r\n`;
  }
  return line;
}
