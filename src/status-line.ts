/** The status of an HTTP/1 answer from its first bytes: all that a probe needs to read. Pure. */

/**
 * The final status (informational 1xx answers are passed over), `incomplete` while more bytes are needed, or
 * `malformed`. RFC 9112 section 4.
 */
export function readStatusLine(head: string): number | 'incomplete' | 'malformed' {
  let rest = head;
  for (;;) {
    const end = rest.indexOf('\n');
    if (end < 0) return isPrefixOfStatusLine(rest) ? 'incomplete' : 'malformed';
    const match = /^HTTP\/1\.[01] ([1-9][0-9]{2})(?: [^\r\n]*)?\r?$/.exec(rest.slice(0, end));
    if (match === null) return 'malformed';
    const status = Number(match[1]);
    if (status >= 200 || status === 101) return status;
    const next = /\r?\n\r?\n/.exec(rest);
    if (next === null) return 'incomplete';
    rest = rest.slice(next.index + next[0].length);
  }
}

/** False as soon as no continuation could make a status line, so that a wrong protocol is told without a timeout. */
function isPrefixOfStatusLine(text: string): boolean {
  return text.length <= 'HTTP/'.length ? 'HTTP/'.startsWith(text) : text.startsWith('HTTP/');
}
