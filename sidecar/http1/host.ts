/** The Host field (RFC 9110 section 7.2): a name or address, and perhaps a port. */
import { isIPv6 } from 'node:net';

// Registered names as they occur: letters, digits, "-", ".", "_", "~" (RFC 3986 unreserved). No user, path, list, escape.
const NAME_AND_PORT = /^[A-Za-z0-9._~-]{1,253}(?::(\d{1,5}))?$/;
const BRACKETED = /^\[([0-9A-Fa-f:.]{2,45})\](?::(\d{1,5}))?$/;

/** The last value found valid: nearly every request of a process names one of very few hosts. */
let lastValid = '';

export function isValidHost(value: string): boolean {
  if (value === lastValid) return true;
  const bracketed = BRACKETED.exec(value);
  const port = (bracketed?.[2] ?? NAME_AND_PORT.exec(value)?.[1]) || '0';
  const valid = bracketed === null ? NAME_AND_PORT.test(value) : isIPv6(bracketed[1] ?? '');
  if (!valid || Number(port) > 65_535) return false;
  lastValid = value;
  return true;
}

/** Lower-cased host without its port and without a final dot. */
export function hostName(value: string): string {
  const end = value.startsWith('[') ? value.indexOf(']') + 1 : value.lastIndexOf(':');
  const name = (end > 0 ? value.slice(0, end) : value).toLowerCase();
  return name.endsWith('.') ? name.slice(0, -1) : name;
}
