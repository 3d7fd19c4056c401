/** Domain names as the configuration writes them, lower-cased and without a final dot. */
import { isIP } from 'node:net';
import * as v from 'valibot';

// RFC 1035 section 2.3.4: labels of 63 octets at most. The underscore is for names such as _sip._udp.
const LABEL = '[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?';
const NAME = new RegExp(String.raw`^${LABEL}(\.${LABEL})*$`);
/** `*` is a label of its own: RFC 4592 section 2.1.1 gives it a meaning only as the first one, and forbids it nowhere. */
const OWNER = new RegExp(String.raw`^(${LABEL}|\*)(\.(${LABEL}|\*))*$`);

/** A name has 255 octets on the wire: its labels, a length octet before each, and the final zero; 253 characters. */
export const MAX_NAME_LENGTH = 253;

const ABSOLUTE_HINT =
  'must be a domain name: labels of at most 63 letters, digits, "-" or "_", at most 253 characters in all';
const RELATIVE_HINT =
  'must be a name relative to the zone: "@" or labels of at most 63 letters, digits, "-" or "_", or "*", without a final dot';

/** The message for an address where only a name can be: its labels would pass for one. */
export const IS_ADDRESS = 'is an IP address, not a name: addresses belong into a and aaaa records';

/** A name, or an address that looks like one. */
export const nameOrAddress = v.pipe(
  v.string('must be a domain name'),
  v.title('domain name'),
  v.toLowerCase(),
  v.transform((it) => (it.endsWith('.') ? it.slice(0, -1) : it)),
  v.check(isDomainName, ABSOLUTE_HINT),
);

export const absoluteName = v.pipe(
  nameOrAddress,
  v.check((it) => isIP(it) === 0, IS_ADDRESS),
);

/** A mailbox with its `@` written as a dot (RFC 1035 section 3.3.13). */
export const mailboxName = v.pipe(
  v.string('must be a domain name'),
  v.title('domain name'),
  v.check((it) => !it.includes('@'), 'must have a dot in place of the "@", such as hostmaster.example.org.'),
  absoluteName,
);

/** An absolute name, lower-cased and without a final dot; undefined where it is none. */
export function parseDomainName(text: string): string | undefined {
  const name = text.toLowerCase().replace(/\.$/, '');
  return isDomainName(name) ? name : undefined;
}

function isDomainName(name: string): boolean {
  return name.length <= MAX_NAME_LENGTH && NAME.test(name);
}

/** `www`, `a.b`, `*.wild`, or `@` for the zone itself. */
export const relativeName = v.pipe(
  v.string(RELATIVE_HINT),
  v.title('name'),
  v.toLowerCase(),
  v.check((it) => it === '@' || OWNER.test(it), RELATIVE_HINT),
);

/** The absolute name of `relative` in `zone`. */
export function nameInZone(relative: string, zone: string): string {
  return relative === '@' ? zone : `${relative}.${zone}`;
}

/** True for `zone` itself and for names below it. Both are lower-cased and without a final dot. */
export function isInZone(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

/** The name itself and all above it but the root: `www.lb.test`, `lb.test`, `test`. */
export function* namesUpFrom(name: string): Generator<string> {
  for (let at = name; ; ) {
    yield at;
    const dot = at.indexOf('.');
    if (dot < 0) return;
    at = at.slice(dot + 1);
  }
}
