/** Domain names: as people write them, and as the text that they are found by. */
import { HEADER_BYTES } from './codes.ts';

/**
 * A name in wire form, lower-cased, one character per octet and without its root octet: `\x03www\x02lb\x04test`.
 * Length octets are below 64 and so never touched by lower-casing; the key of a name ends with the keys of all its
 * ancestors, and of nothing else that starts at a length octet.
 */
export type NameKey = string & { readonly __brand: 'NameKey' };

const LABEL = String.raw`(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?|\*)`;
const LABELS = new RegExp(String.raw`^${LABEL}(?:\.${LABEL})*$`);
/** 255 octets less the first length octet and the root's. */
const MAX_TEXT = 253;
const DOT = 0x2e;

/** Of the one name that is looked at: a large zone has thousands, and pieces of text would take twice as long. */
const scratch = Buffer.alloc(MAX_TEXT + 1);

/** The key of an absolute name without final dot, of at most 253 characters; '' is the root. */
export function nameKey(name: string): NameKey {
  if (name === '') return '' as NameKey;
  // The name's octets one further on, with the length of what follows it in the place of each dot.
  const end = scratch.write(name.toLowerCase(), 1, 'latin1') + 1;
  let label = 0;
  for (let at = end - 1; at > 0; at--) {
    if (scratch[at] === DOT) {
      scratch[at] = label;
      label = 0;
    } else label += 1;
  }
  scratch[0] = label;
  return scratch.toString('latin1', 0, end) as NameKey;
}

/**
 * The key of the name that ends at `nameEnd` in a query. Octets above 127 are lower-cased as Latin-1 letters, which
 * DNS does not do; it cannot matter, because such an octet stays above 127 and the names of our zones are below.
 */
export function questionKey(query: Buffer, nameEnd: number): NameKey {
  return query.toString('latin1', HEADER_BYTES, nameEnd - 1).toLowerCase() as NameKey;
}

/** The key without its first label; undefined for the root. */
export function parentKey(key: NameKey): NameKey | undefined {
  return key === '' ? undefined : (key.slice(key.charCodeAt(0) + 1) as NameKey);
}

/** Text of a key: `www.lb.test`; only for names of our own zones, whose labels hold no dots. */
export function nameText(key: NameKey): string {
  const labels: string[] = [];
  for (let rest: NameKey | undefined = key; rest !== undefined && rest !== ''; rest = parentKey(rest)) {
    labels.push(rest.slice(1, rest.charCodeAt(0) + 1));
  }
  return labels.join('.');
}

/** `www` in zone `lb.test` → `www.lb.test`, `@` → the zone itself; undefined when it is no name that can be served. */
export function absoluteName(relative: string, zone: string): string | undefined {
  if (relative === '@') return zone;
  const lower = relative.toLowerCase();
  const name = `${lower}.${zone}`;
  return name.length <= MAX_TEXT && LABELS.test(lower) ? name : undefined;
}

/** Where `name` and each of its ancestors but the root begins, if `name` itself begins at `offset` of a message. */
export function suffixOffsets(name: string, offset: number): ReadonlyMap<string, number> {
  const offsets = new Map<string, number>();
  let at = offset;
  for (let rest = name; rest !== ''; ) {
    offsets.set(rest, at);
    const dot = rest.indexOf('.');
    const label = dot < 0 ? rest.length : dot;
    at += label + 1;
    rest = rest.slice(label + 1);
  }
  return offsets;
}
