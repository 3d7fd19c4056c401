/** `hash_key` → the key of a request: the first part that the request carries. */
import type { HashKeyPart } from '../src/config/cluster.ts';
import { bytesOf } from '../src/hash.ts';
import { compileBearerClaim } from './bearer-claim.ts';
import type { Interests } from './http1/interests.ts';
import type { RequestHead } from './http1/request-head.ts';
import { compileBodyText } from './json/body-texts.ts';
import { cookieValue, queryValue } from './query.ts';

/** Gives the key as a byte string, or undefined when the request carries none of the parts. An empty value is none. */
export type RequestKey = (head: RequestHead, clientIp: string) => string | undefined;

/** Lower-cased names of the header fields that these parts read. */
export function keyHeaderNames(parts: readonly HashKeyPart[]): readonly string[] {
  return parts.flatMap((part) => {
    if (part.cookie !== undefined) return 'cookie';
    return part.header ?? (part.jwt === undefined ? [] : 'authorization');
  });
}

/** JSON pointers that these parts read in bodies. */
export function keyPointers(parts: readonly HashKeyPart[]): readonly string[] {
  return parts.flatMap((part) => part.json ?? []);
}

export function compileRequestKey(parts: readonly HashKeyPart[], interests: Interests): RequestKey {
  const readers = parts.map((part) => compilePart(part, interests));
  const [only] = readers;
  if (only !== undefined && readers.length === 1) return only;
  return (head, clientIp) => {
    for (const read of readers) {
      const key = read(head, clientIp);
      // While the body is awaited nobody knows whether this part is the first.
      if (key !== undefined || head.body.isWanted) return key;
    }
    return undefined;
  };
}

function compilePart(part: HashKeyPart, interests: Interests): RequestKey {
  if (part.header !== undefined) {
    const slot = slotOf(interests, part.header);
    return (head) => head.values[slot] || undefined;
  }
  if (part.cookie !== undefined) {
    const slot = slotOf(interests, 'cookie');
    const name = bytesOf(part.cookie);
    return (head) => cookieValue(head.values[slot] ?? '', name) || undefined;
  }
  if (part.query !== undefined) {
    const name = bytesOf(part.query);
    return (head) => queryValue(head.query, name) || undefined;
  }
  if (part.path_segment !== undefined) {
    const segment = part.path_segment;
    // `/users/42`.split('/') is ['', 'users', '42'], so segment 1 is at index 1.
    return (head) => head.path.split('/', segment + 1)[segment] || undefined;
  }
  if (part.json !== undefined) {
    const read = compileBodyText(part.json, interests);
    return (head) => read(head) || undefined;
  }
  if (part.jwt !== undefined) {
    const slot = slotOf(interests, 'authorization');
    const read = compileBearerClaim(part.jwt);
    return (head) => read(head.values[slot]);
  }
  if (part.source_ip === true) return (_head, clientIp) => clientIp;
  return (head) => head.path;
}

function slotOf(interests: Interests, name: string): number {
  const slot = interests.slotOf(name);
  if (slot === undefined) throw new Error(`header ${name} is read but was not asked for`);
  return slot;
}
