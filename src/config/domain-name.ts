/** Domain names as the configuration writes them, lower-cased and without a final dot. */
import * as v from 'valibot';
import { NOT_SUPPORTED_YET } from './section.ts';

// RFC 1035 section 2.3.4: labels of 63 octets at most. The underscore is for names such as _sip._udp.
const LABEL = '[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?';
const NAME = new RegExp(String.raw`^${LABEL}(\.${LABEL})*$`);

/** A name has 255 octets on the wire: its labels, a length octet before each, and the final zero; 253 characters. */
export const MAX_NAME_LENGTH = 253;

const ABSOLUTE_HINT =
  'must be a domain name: labels of at most 63 letters, digits, "-" or "_", at most 253 characters in all';
const RELATIVE_HINT =
  'must be a name relative to the zone: "@" or labels of at most 63 letters, digits, "-" or "_", without a final dot';

export const absoluteName = v.pipe(
  v.string('must be a domain name'),
  v.title('domain name'),
  v.toLowerCase(),
  v.transform((it) => (it.endsWith('.') ? it.slice(0, -1) : it)),
  v.check((it) => it.length <= MAX_NAME_LENGTH && NAME.test(it), ABSOLUTE_HINT),
);

/** `www`, `a.b`, or `@` for the zone itself. */
export const relativeName = v.pipe(
  v.string(RELATIVE_HINT),
  v.title('name'),
  v.toLowerCase(),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed || dataset.value === '@') return;
    const isWildcard = dataset.value === '*' || (dataset.value.startsWith('*.') && NAME.test(dataset.value.slice(2)));
    if (isWildcard) addIssue({ message: `a wildcard ${NOT_SUPPORTED_YET}` });
    else if (!NAME.test(dataset.value)) addIssue({ message: RELATIVE_HINT });
  }),
);

/** The absolute name of `relative` in `zone`. */
export function nameInZone(relative: string, zone: string): string {
  return relative === '@' ? zone : `${relative}.${zone}`;
}

/** True for `zone` itself and for names below it. Both are lower-cased and without a final dot. */
export function isInZone(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}
