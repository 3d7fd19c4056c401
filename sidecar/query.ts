/** Parameters of a query (`a=1&b=2`) and cookies of a Cookie field, looked up by name in byte strings. */

/**
 * Value of the first parameter called `name` (decoded), decoded: `+` is a space, `%41` is `A`, an escape that is none
 * stays as it is. Empty where the parameter has no `=`; undefined where there is no such parameter.
 */
export function queryValue(query: string, name: string): string | undefined {
  for (let start = 0; start < query.length; ) {
    const ampersand = query.indexOf('&', start);
    const end = ampersand < 0 ? query.length : ampersand;
    const equals = query.indexOf('=', start);
    const nameEnd = equals < 0 || equals > end ? end : equals;
    if (decode(query.slice(start, nameEnd)) === name) return decode(query.slice(Math.min(nameEnd + 1, end), end));
    start = end + 1;
  }
  return undefined;
}

function decode(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  return text
    .replaceAll('+', ' ')
    .replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

/**
 * Value of the first cookie called `name` in a Cookie field (RFC 6265 section 4.2.1), as it stands, quotes included;
 * undefined where there is none. Names compare with case.
 */
export function cookieValue(field: string, name: string): string | undefined {
  for (let start = 0; start < field.length; ) {
    const semicolon = field.indexOf(';', start);
    const end = semicolon < 0 ? field.length : semicolon;
    const equals = field.indexOf('=', start);
    if (equals >= 0 && equals < end && trimSpace(field.slice(start, equals)) === name) {
      return trimSpace(field.slice(equals + 1, end));
    }
    start = end + 1;
  }
  return undefined;
}

/** Not `trim()`, which takes the octet a0 (in UTF-8 the second half of `à`) for white space too. */
function trimSpace(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '');
}
